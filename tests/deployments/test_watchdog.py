"""When an account is silent, when its cycles fail, and when either is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine, insert, text, update

from adapters.store.accounts import set_status
from adapters.store.alerts import open_alerts
from adapters.store.arena import Arena, load_arena, save_arena
from adapters.store.commands import CommandKind
from adapters.store.operate import StatusWish, change_status
from adapters.store.tables import accounts, cycles
from deployments.control.watchdog import watch_cycles
from tests.arena import START, TestArena, build_account, start_arena
from trading.account import AccountStatus
from trading.arena_clock import ArenaClock
from trading.timeframes import Timeframe

pytestmark = pytest.mark.db

T0 = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""Real time of the arena's start; a cycle is due every five minutes."""
MINUTE = timedelta(minutes=1)


@pytest.fixture
def arena(engine: Engine) -> TestArena:
    made = start_arena(engine)
    made.add(replace(build_account("momentum"), interval=Timeframe.M5))
    with engine.begin() as conn:
        conn.execute(update(accounts).values(real_created_at=T0 - 60 * MINUTE))
    set_clock(made, ends_at=None)
    return made


def set_clock(arena: TestArena, *, ends_at: datetime | None, speed: float = 1.0) -> None:
    with arena.engine.begin() as conn:
        found = load_arena(conn)
        assert found is not None
        clock = ArenaClock(real_anchor=T0, market_anchor=START, speed=speed, ends_at=ends_at)
        save_arena(conn, replace(found, clock=clock))


def cycle(arena: TestArena, minute: int, status: str, *, trigger: str = "schedule") -> None:
    """A cycle whose slot and end are this many minutes after the start."""
    with arena.engine.begin() as conn:
        conn.execute(
            insert(cycles).values(
                id=uuid4(),
                account_id="momentum",
                slot=START + minute * MINUTE,
                trigger=trigger,
                status=status,
                reason="TimeoutError: no answer" if status == "failed" else None,
                config_version=1,
                real_started_at=T0 + minute * MINUTE,
                real_finished_at=T0 + minute * MINUTE,
            )
        )


def look(arena: TestArena, minute: float) -> list[str]:
    """Codes of the alerts that are open after a look at this minute."""
    now = T0 + minute * MINUTE
    with arena.engine.begin() as conn:
        found = load_arena(conn)
        assert isinstance(found, Arena)
        watch_cycles(conn, replace(found, seen_at=found.clock.market_at(now)), now)
        return [alert.code for alert in open_alerts(conn)]


def test_an_account_is_silent_after_three_intervals_without_a_finished_cycle(
    arena: TestArena,
) -> None:
    assert look(arena, 15) == []
    assert look(arena, 15.1) == ["no_finished_cycle"]
    assert arena.rows("select kind, channel, account_id from app.events") == [
        ("alert.raised", "system", "momentum")
    ]


def test_silence_counts_from_the_last_cycle_that_was_done(arena: TestArena) -> None:
    cycle(arena, 5, "done")
    cycle(arena, 10, "skipped")
    assert look(arena, 20) == []
    assert look(arena, 20.1) == ["no_finished_cycle"]


def test_the_next_finished_cycle_ends_the_alert_and_nothing_else_does(arena: TestArena) -> None:
    # Alerts are raised at the database's own time, so the cycle that ends it comes after that.
    assert look(arena, 16) == ["no_finished_cycle"]
    cycle(arena, 17, "failed")
    assert look(arena, 17) == ["no_finished_cycle"]
    later = int((datetime.now(UTC) - T0) / MINUTE) + 2
    cycle(arena, later, "done")
    assert look(arena, later) == []
    kinds = arena.rows("select kind from app.events order by id")
    assert kinds == [("alert.raised",), ("alert.cleared",)]


def test_a_flatten_of_the_operator_does_not_count_as_a_cycle(arena: TestArena) -> None:
    cycle(arena, 14, "done", trigger="manual")
    assert look(arena, 16) == ["no_finished_cycle"]


def test_an_account_that_was_created_or_resumed_lately_is_given_its_time(arena: TestArena) -> None:
    with arena.engine.begin() as conn:
        conn.execute(update(accounts).values(real_created_at=T0 + 10 * MINUTE))
    assert look(arena, 20) == []
    with arena.engine.begin() as conn:
        for kind in (CommandKind.PAUSE, CommandKind.RESUME):
            change_status(conn, StatusWish(kind=kind, requested_by="t"), ["momentum"])
        at = {"at": T0 + 30 * MINUTE}
        conn.execute(text("update app.commands set real_created_at = :at"), at)
    assert look(arena, 45) == []
    assert look(arena, 45.1) == ["no_finished_cycle"]


@pytest.mark.parametrize("status", [AccountStatus.PAUSED, AccountStatus.STOPPED])
def test_an_account_that_is_not_to_run_is_not_silent(
    arena: TestArena, status: AccountStatus
) -> None:
    assert look(arena, 16) == ["no_finished_cycle"]
    with arena.engine.begin() as conn:
        set_status(conn, "momentum", status)
    assert look(arena, 30) == []


def test_the_interval_is_one_of_market_time_and_a_few_seconds_are_never_silence(
    arena: TestArena,
) -> None:
    set_clock(arena, ends_at=None, speed=60)
    assert look(arena, 0.5) == []
    assert look(arena, 0.6) == ["no_finished_cycle"]


def test_recorded_data_that_has_ended_silences_nobody(arena: TestArena) -> None:
    assert look(arena, 16) == ["no_finished_cycle"]
    set_clock(arena, ends_at=START + 20 * MINUTE)
    assert look(arena, 40) == []


def test_three_failed_cycles_in_a_row_are_told_with_the_last_reason(arena: TestArena) -> None:
    cycle(arena, 1, "done")
    cycle(arena, 2, "failed")
    cycle(arena, 3, "failed")
    assert look(arena, 3) == []
    cycle(arena, 4, "failed")
    assert look(arena, 4) == ["cycles_failing"]
    (sentence,) = arena.one("select sentence from app.alerts")
    assert sentence == "The last 3 cycles of momentum failed: TimeoutError: no answer"
