"""Every slot leaves a row: what is written for a slot in which no run came up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine, insert, text, update

from adapters.store.accounts import save_account
from adapters.store.arena import ASTER, load_arena, save_arena
from adapters.store.commands import CommandKind, CommandState, save_command
from adapters.store.tables import accounts, cycles
from deployments.control.slots import MOST_SLOTS, SlotKeeper
from tests.arena import START, TestArena, build_account, start_arena
from trading.arena_clock import ArenaClock
from trading.timeframes import Timeframe

pytestmark = pytest.mark.db

MINUTE = timedelta(minutes=1)
NO_RUN = "no_run: no run came up"


@pytest.fixture
def arena(engine: Engine) -> TestArena:
    """One account with a five-minute interval, created in minute 0 of the market, which is now."""
    made = start_arena(engine)
    made.add(replace(build_account("momentum"), interval=Timeframe.M5))
    set_clock(made, now=0)
    return made


def set_clock(
    arena: TestArena, *, now: float, anchor: float = 0, ends_at: datetime | None = None
) -> None:
    """Market time in real time: this real instant is minute `now` after START.

    The arena's present start was in minute `anchor`.
    """
    real = datetime.now(UTC) - (now - anchor) * MINUTE
    with arena.engine.begin() as conn:
        found = load_arena(conn)
        assert found is not None
        clock = ArenaClock(
            real_anchor=real, market_anchor=START + anchor * MINUTE, speed=1.0, ends_at=ends_at
        )
        save_arena(conn, replace(found, clock=clock))


def look(arena: TestArena, minute: float, keeper: SlotKeeper | None = None) -> list[int]:
    """A pass at this minute; slots that it recorded, in minutes after START."""
    with arena.engine.begin() as conn:
        found = load_arena(conn)
        assert found is not None
        real_now = found.clock.real_at(START + minute * MINUTE)
        alive = replace(found, seen_at=found.clock.market_at(real_now))
        written = (keeper or SlotKeeper()).record(conn, alive, real_now)
    return sorted(int((slot - START) / MINUTE) for _, slot in written)


def rows(arena: TestArena) -> list[tuple[object, ...]]:
    found = arena.rows("select slot, status, reason from app.cycles order by slot")
    return [(int((slot - START) / MINUTE), *rest) for slot, *rest in found]


def leave_row(arena: TestArena, minute: int) -> None:
    """A cycle of this slot, run after the account was created."""
    with arena.engine.begin() as conn:
        conn.execute(
            insert(cycles).values(
                id=uuid4(),
                account_id="momentum",
                slot=START + minute * MINUTE,
                trigger="schedule",
                status="done",
                config_version=1,
                real_started_at=datetime.now(UTC),
            )
        )


def operate(arena: TestArena, kind: CommandKind, minute: float) -> None:
    with arena.engine.begin() as conn:
        save_command(
            conn,
            kind=kind,
            account_id="momentum",
            requested_by="t",
            arguments={"market_at": START + minute * MINUTE},
            state=CommandState.DONE,
            outcome="x",
        )
        status = {"pause": "paused", "stop": "stopped", "resume": "active"}[kind.value]
        conn.execute(update(accounts).values(status=status))


def test_a_slot_without_a_run_is_missed_half_an_interval_and_a_grace_later(
    arena: TestArena,
) -> None:
    assert look(arena, 7.9) == []
    assert look(arena, 8.1) == [5]
    assert rows(arena) == [(5, "missed", NO_RUN)]


def test_a_slot_that_has_a_row_keeps_it(arena: TestArena) -> None:
    leave_row(arena, 5)
    assert look(arena, 14) == [10]
    assert rows(arena) == [(5, "done", None), (10, "missed", NO_RUN)]


def test_a_pass_that_is_repeated_writes_nothing_twice(arena: TestArena) -> None:
    keeper = SlotKeeper()
    assert look(arena, 14, keeper) == [5, 10]
    assert look(arena, 14, keeper) == []
    assert look(arena, 19, keeper) == [15]
    assert look(arena, 19, SlotKeeper()) == []


def test_slots_before_the_account_was_created_are_not_its_own(arena: TestArena) -> None:
    set_clock(arena, now=11)
    assert look(arena, 30) == [15, 20, 25]


@pytest.mark.parametrize("kind", [CommandKind.PAUSE, CommandKind.STOP])
def test_slots_in_a_pause_are_not_missed_and_those_around_it_are(
    arena: TestArena, kind: CommandKind
) -> None:
    operate(arena, kind, 12)
    assert look(arena, 30) == [5, 10]
    operate(arena, CommandKind.RESUME, 22)
    assert look(arena, 40) == [25, 30, 35]


def test_a_changed_interval_is_counted_from_the_change(arena: TestArena) -> None:
    leave_row(arena, 0)
    set_clock(arena, now=20)
    with arena.engine.begin() as conn:
        save_account(conn, replace(build_account("momentum"), interval=Timeframe.M1))
    assert look(arena, 24) == [21, 22, 23]


def test_what_was_due_when_the_arena_stopped_is_missed_for_that_reason(arena: TestArena) -> None:
    # Stopped at minute 12, before the run of minute 10 came up; on again an hour later, and market
    # time goes on where it stood.
    leave_row(arena, 5)
    set_clock(arena, now=12 - 60, anchor=12)
    assert look(arena, 19) == [10, 15]
    assert rows(arena)[1:] == [
        (10, "missed", "arena_down: the arena was not running"),
        (15, "missed", NO_RUN),
    ]


def test_an_account_from_before_this_start_has_no_slots_before_its_first_row(
    arena: TestArena,
) -> None:
    leave_row(arena, 105)
    set_clock(arena, now=100 - 60, anchor=100)
    assert look(arena, 119) == [110, 115]


def test_an_account_that_has_never_run_has_slots_from_this_start_on(arena: TestArena) -> None:
    set_clock(arena, now=100 - 60, anchor=101)
    assert look(arena, 119) == [105, 110, 115]


def test_the_last_slots_of_recorded_data_are_accounted_for_and_none_after_them(
    arena: TestArena,
) -> None:
    set_clock(arena, now=0, ends_at=START + 15 * MINUTE)
    assert look(arena, 60) == [5, 10]


def test_of_a_long_gap_the_newest_slots_get_rows_and_the_older_ones_one_line(
    arena: TestArena,
) -> None:
    leave_row(arena, 0)
    end = (MOST_SLOTS + 100) * 5
    written = look(arena, end + 4)
    assert len(written) == MOST_SLOTS
    assert written[-1] == end
    entries: Sequence[tuple[object, ...]] = arena.rows("select kind, entry from app.diary")
    [(kind, entry)] = entries
    assert kind == "account"
    assert isinstance(entry, dict)
    assert entry["count"] == 100
    assert "100 slots" in entry["sentence"]
    assert look(arena, end + 4) == []
    assert len(arena.rows("select 1 from app.diary")) == 1


def test_a_pass_over_a_hundred_accounts_and_a_day_of_slots_is_one_short_statement(
    arena: TestArena,
) -> None:
    arena.add(
        *(replace(build_account("grid"), id=f"g{n}", interval=Timeframe.M5) for n in range(99))
    )
    set_clock(arena, now=0)
    keeper = SlotKeeper()
    began = datetime.now(UTC)
    assert len(look(arena, MOST_SLOTS * 5 + 4, keeper)) == 100 * MOST_SLOTS
    first = datetime.now(UTC) - began
    began = datetime.now(UTC)
    assert look(arena, MOST_SLOTS * 5 + 4, keeper) == []
    again = datetime.now(UTC) - began
    assert first < timedelta(seconds=20)
    assert again < timedelta(seconds=1)
    with arena.engine.connect() as conn:
        assert conn.scalar(text("select count(*) from app.cycles")) == 100 * MOST_SLOTS


def test_in_an_arena_in_real_time_the_slots_of_a_stop_were_missed(arena: TestArena) -> None:
    """Elsewhere time stands still meanwhile. The account is new, and the arena starts 40 minutes later."""
    later = datetime.now(UTC) + 40 * MINUTE
    with arena.engine.begin() as conn:
        found = load_arena(conn)
        assert found is not None
        clock = ArenaClock(real_anchor=later, market_anchor=later, speed=1.0)
        again = replace(found, source=ASTER, clock=clock, seen_at=later)
        missed = SlotKeeper().record(conn, again, later)

    assert len(missed) in (7, 8)
    assert all(timedelta(0) < later - slot < 40 * MINUTE for _, slot in missed)
    assert arena.rows("select distinct reason from app.cycles") == [
        ("arena_down: the arena was not running",)
    ]
