"""What Prefect hands over after an hour of downtime: many late runs, one of which may still trade."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.flow_engine import run_flow_async
from prefect.states import Scheduled

from adapters.store.arena import load_arena, save_arena
from flows.trade_account import trade_account
from tests.arena import START, TestArena, build_account
from trading.arena_clock import ArenaClock
from trading.timeframes import Timeframe

pytestmark = [pytest.mark.db, pytest.mark.prefect, pytest.mark.timeout(300)]

FIVE_MINUTES = timedelta(minutes=5)


def an_hour_ago(arena: TestArena) -> datetime:
    """The arena's clock in real time, one hour after START; the real instant of START."""
    real = datetime.now(UTC) - timedelta(hours=1)
    with arena.engine.begin() as conn:
        found = load_arena(conn)
        assert found is not None
        clock = ArenaClock(real_anchor=real, market_anchor=START, speed=1.0)
        save_arena(conn, replace(found, clock=clock, seen_at=START + timedelta(hours=1)))
    return real


async def planned_run(account_id: str, at: datetime) -> FlowRun:
    """A run as the scheduler plans it: the server accepts that mark from its scheduler alone."""
    async with get_client() as client:
        run = await client.create_flow_run(
            trade_account, parameters={"account_id": account_id}, state=Scheduled(scheduled_time=at)
        )
    return run.model_copy(update={"auto_scheduled": True})


async def start(run: FlowRun) -> str | None:
    state = await run_flow_async(
        trade_account, flow_run=run, parameters=run.parameters, return_type="state"
    )
    return state.name


async def test_of_twelve_late_runs_of_an_account_at_most_one_trades_and_all_leave_a_row(
    arena: TestArena,
) -> None:
    arena.add(replace(build_account("buy_and_hold"), interval=Timeframe.M5))
    began = an_hour_ago(arena)
    slots = [began + n * FIVE_MINUTES for n in range(1, 13)]
    runs = await asyncio.gather(*(planned_run("buy-and-hold", at) for at in slots))
    names = await asyncio.gather(*(start(run) for run in runs))
    assert sorted(name or "" for name in names) == ["Completed"] + ["Skipped"] * 11
    rows = arena.rows("select slot, status, reason from app.cycles order by slot")
    assert [slot for slot, *_ in rows] == [START + n * FIVE_MINUTES for n in range(1, 13)]
    assert [status for _, status, _ in rows] == ["skipped"] * 11 + ["done"]
    assert all(str(reason).startswith("late: the run started") for *_, reason in rows[:11])
    # One decision per asset, one entry per asset, all of the newest slot.
    assert arena.rows("select distinct slot from app.intents") == [(START + timedelta(hours=1),)]
    assert arena.one("select count(*) from app.intents where leg = 'entry'") == (2,)


async def test_twelve_runs_of_one_slot_are_one_cycle(arena: TestArena) -> None:
    arena.add(replace(build_account("buy_and_hold"), interval=Timeframe.M5))
    newest = an_hour_ago(arena) + timedelta(hours=1)
    runs = await asyncio.gather(*(planned_run("buy-and-hold", newest) for _ in range(12)))
    names = await asyncio.gather(*(start(run) for run in runs))
    assert sorted(name or "" for name in names) == ["Completed"] + ["Skipped"] * 11
    assert arena.one("select count(*) from app.intents where leg = 'entry'") == (2,)
