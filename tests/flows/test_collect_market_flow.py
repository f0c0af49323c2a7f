"""The collector as a flow of a real Prefect server, and an account's cycle on its pass."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.store.arena import set_collector
from flows.collect_market import collect_market
from flows.trade_account import trade_account
from tests.arena import START, TestArena, build_account

pytestmark = [pytest.mark.db, pytest.mark.prefect, pytest.mark.timeout(300)]


async def test_a_run_collects_the_slot_and_the_cycle_after_it_names_the_pass(
    arena: TestArena,
) -> None:
    arena.add(build_account("momentum"))
    with arena.engine.begin() as conn:
        set_collector(conn, timedelta(hours=1))
    arena.stand_at(START)
    collected = await collect_market(return_state=True)
    assert collected.is_completed()
    assert str(collected.message).startswith("collected 2026-11-20 00:00 UTC")
    again = await collect_market(return_state=True)
    assert "collected before" in str(again.message)
    assert (await trade_account("momentum", return_state=True)).name == "Completed"
    assert arena.one("select context ->> 'market_pass' from app.cycles") == (START.isoformat(),)
    assert arena.rows("select state from app.market_passes") == [("done",)]
