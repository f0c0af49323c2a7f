from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import NullPool, create_engine, func, select

from adapters.store.cycles import (
    Claim,
    SlotTaken,
    claim_slot,
    finish_cycle,
    record_skipped,
    release_lease,
    renew_lease,
    require_lease,
    save_context,
)
from adapters.store.errors import StoreError
from adapters.store.tables import cycles
from trading.errors import LeaseLost

pytestmark = pytest.mark.db

MINUTE = timedelta(minutes=1)


def rows(conn):
    return {row.slot: row for row in conn.execute(select(cycles))}


def test_of_twenty_runs_that_claim_one_slot_at_once_exactly_one_wins(build, database_url: str):
    release_lease(build.conn, "acc1", 1)
    finish_cycle(build.conn, build.cycle_id, status="done", reason=None, real_now=build.real)
    build.conn.commit()
    engine = create_engine(database_url, poolclass=NullPool)
    start = Barrier(20)

    def claim(_: int) -> object:
        with engine.connect() as conn:
            start.wait()
            with conn.begin():
                return claim_slot(
                    conn, cycle_id=uuid4(), account_id="acc1", slot=build.slot + MINUTE,
                    trigger="schedule", flow_run_id=None, real_scheduled_at=None,
                    config_version=1, real_now=build.real, lease_seconds=60,
                )  # fmt: skip

    with ThreadPoolExecutor(20) as pool:
        results = list(pool.map(claim, range(20)))
    winners = [result for result in results if isinstance(result, Claim)]
    assert len(winners) == 1
    assert winners[0].token == 2
    assert results.count(SlotTaken(reason="slot_claimed")) == 19
    with engine.connect() as conn:
        assert conn.scalar(select(func.count()).where(cycles.c.slot > build.slot)) == 1


def test_another_slot_is_refused_while_a_run_of_the_account_lives(build, conn):
    later = build.slot + MINUTE
    assert build.claim(later) == SlotTaken(reason="already_running")
    assert later not in rows(conn)


def test_a_claimed_slot_stays_claimed_after_its_run_ended(build, conn):
    release_lease(conn, "acc1", 1)
    assert build.claim(build.slot) == SlotTaken(reason="slot_claimed")


def test_a_lease_that_ran_out_is_taken_over_and_the_old_run_may_no_longer_send(build, conn):
    late = build.real + timedelta(seconds=61)
    claim = build.claim(build.slot + MINUTE, real_now=late)
    assert isinstance(claim, Claim)
    assert claim.token == 2
    require_lease(conn, "acc1", 2, late)
    with pytest.raises(LeaseLost, match="belongs to another run"):
        require_lease(conn, "acc1", 1, late)
    with pytest.raises(LeaseLost):
        renew_lease(conn, "acc1", 1, late, 60)
    abandoned = rows(conn)[build.slot]
    assert abandoned.status == "failed"
    assert abandoned.reason.startswith("lease_expired: ")
    release_lease(conn, "acc1", 1)  # the old run's goodbye changes nothing
    require_lease(conn, "acc1", 2, late)


def test_a_run_whose_lease_ran_out_must_not_send_even_if_nobody_took_it(build, conn):
    with pytest.raises(LeaseLost, match="has run out"):
        require_lease(conn, "acc1", 1, build.real + timedelta(seconds=60))
    renew_lease(conn, "acc1", 1, build.real + timedelta(seconds=60), 60)
    require_lease(conn, "acc1", 1, build.real + timedelta(seconds=61))


def test_after_its_release_a_lease_is_worth_nothing(build, conn):
    release_lease(conn, "acc1", 1)
    with pytest.raises(LeaseLost):
        require_lease(conn, "acc1", 1, build.real)
    with pytest.raises(LeaseLost):
        renew_lease(conn, "acc1", 1, build.real, 60)


def test_a_required_lease_cannot_be_taken_over_before_the_commit(build, conn, database_url: str):
    require_lease(conn, "acc1", 1, build.real)
    impatient = create_engine(
        database_url, poolclass=NullPool, connect_args={"options": "-c lock_timeout=100"}
    )
    with impatient.connect() as other, pytest.raises(Exception, match="lock timeout"):
        claim_slot(
            other, cycle_id=uuid4(), account_id="acc1", slot=build.slot + MINUTE,
            trigger="schedule", flow_run_id=None, real_scheduled_at=None, config_version=1,
            real_now=build.real + timedelta(hours=1), lease_seconds=60,
        )  # fmt: skip


def test_an_ended_cycle_keeps_its_end(build, conn):
    finish_cycle(conn, build.cycle_id, status="failed", reason="broke", real_now=build.real)
    finish_cycle(conn, build.cycle_id, status="done", reason=None, real_now=build.real + MINUTE)
    row = rows(conn)[build.slot]
    assert (row.status, row.reason, row.real_finished_at) == ("failed", "broke", build.real)


def test_a_skipped_slot_leaves_a_row_and_an_existing_row_is_not_touched(build, conn):
    def skip(slot):
        return record_skipped(
            conn, account_id="acc1", slot=slot, trigger="schedule", reason="late: by 10 minutes",
            flow_run_id=None, real_scheduled_at=None, config_version=1, real_now=build.real,
        )  # fmt: skip

    assert skip(build.slot + MINUTE)
    assert rows(conn)[build.slot + MINUTE].reason == "late: by 10 minutes"
    assert not skip(build.slot)
    assert rows(conn)[build.slot].status == "running"


def test_the_context_of_a_cycle_is_kept_with_its_decimals_as_text(build, conn):
    save_context(conn, build.cycle_id, {"BTC": {"mark": Decimal("64000.10"), "rsi": float("nan")}})
    assert rows(conn)[build.slot].context == {"BTC": {"mark": "64000.1", "rsi": None}}
    with pytest.raises(StoreError, match="no cycle"):
        save_context(conn, uuid4(), {})
