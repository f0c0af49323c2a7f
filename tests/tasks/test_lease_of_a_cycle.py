"""The lease of a running cycle: renewed while it works, and no trap when it is lost meanwhile."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy.exc import OperationalError

from adapters.store.accounts import mark_removed
from adapters.store.cycles import claim_slot as claim_slot_row
from adapters.store.errors import UnknownAccount
from tasks import cycle as cycle_module
from tasks.cycle import Cycle, Skip, claim_slot, holding_lease
from tests.arena import TestArena

pytestmark = pytest.mark.db


@pytest.fixture(autouse=True)
def quick_renewals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cycle_module, "RENEW_SECONDS", 0.02)


async def test_the_lease_is_renewed_while_the_steps_run(arena: TestArena, cycle: Cycle) -> None:
    (before,) = arena.one("select real_expires_at from app.leases")
    async with holding_lease(cycle):
        await asyncio.sleep(0.15)
        (during,) = arena.one("select real_expires_at from app.leases")
    assert during > before
    assert arena.one("select holder from app.leases") == (None,)
    assert arena.one("select status from app.cycles") == ("done",)


async def test_a_renewal_that_the_database_refuses_once_is_tried_again(
    arena: TestArena, cycle: Cycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_renewal = cycle_module.renew_lease
    refusals = iter([OperationalError("renew", {}, Exception("server closed the connection"))])

    def renew(*arguments: object, **named: object) -> None:
        for refusal in refusals:
            raise refusal
        real_renewal(*arguments, **named)

    monkeypatch.setattr(cycle_module, "renew_lease", renew)
    async with holding_lease(cycle):
        await asyncio.sleep(0.2)
    assert next(refusals, None) is None
    assert arena.one("select status from app.cycles") == ("done",)


async def test_a_cycle_that_was_overtaken_leaves_its_successor_alone_and_keeps_its_own_error(
    arena: TestArena, cycle: Cycle
) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    successor = uuid4()

    async def work_while_overtaken() -> None:
        async with holding_lease(cycle):
            with arena.engine.begin() as conn:
                claim_slot_row(
                    conn,
                    cycle_id=successor,
                    account_id="momentum",
                    slot=cycle.slot + timedelta(hours=1),
                    trigger="schedule",
                    flow_run_id=None,
                    real_scheduled_at=later,
                    config_version=1,
                    real_now=later,
                    lease_seconds=60,
                )
            await asyncio.sleep(0.1)
            raise ValueError("the model made no sense")

    with pytest.raises(ValueError, match="made no sense"):
        await work_while_overtaken()
    assert arena.one("select holder from app.leases") == (str(successor),)
    status, reason = arena.one("select status, reason from app.cycles order by slot limit 1")
    assert status == "failed"
    assert reason.startswith("lease_expired")


async def test_a_run_that_was_handed_over_before_its_account_was_removed_does_nothing(
    arena: TestArena,
) -> None:
    with arena.engine.begin() as conn:
        mark_removed(conn, "momentum")
    skipped = await claim_slot.fn("momentum")
    assert isinstance(skipped, Skip)
    assert skipped.code == "account_removed"
    with pytest.raises(UnknownAccount):
        await claim_slot.fn("never-was")
