"""Market slots on the wall clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.pools import PROCESS, WARM
from deployments.schedule import (
    next_slot,
    prefetch_seconds,
    require_bearable_speed,
    schedule_for,
)
from trading.arena_clock import ArenaClock
from trading.errors import InvalidRecord
from trading.timeframes import Timeframe

REAL = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


def clock(market: datetime, speed: float) -> ArenaClock:
    return ArenaClock(real_anchor=REAL, market_anchor=market, speed=speed)


def test_an_hour_at_speed_60_is_a_minute_and_the_first_run_falls_on_the_next_full_hour() -> None:
    schedule = schedule_for(clock(datetime(2024, 3, 1, 13, 54, tzinfo=UTC), 60), Timeframe.H1)

    assert schedule.interval == timedelta(minutes=1)
    assert schedule.anchor == REAL + timedelta(seconds=6)


def test_a_clock_that_stands_on_a_slot_has_its_first_run_at_once() -> None:
    schedule = schedule_for(clock(datetime(2024, 3, 1, 14, 0, tzinfo=UTC), 60), Timeframe.H1)

    assert schedule.anchor == REAL


def test_at_real_time_the_schedule_is_that_of_the_wall_clock() -> None:
    started = REAL + timedelta(minutes=7)
    real_time = ArenaClock(real_anchor=started, market_anchor=started, speed=1.0)

    schedule = schedule_for(real_time, Timeframe.H4)

    assert schedule.interval == timedelta(hours=4)
    assert schedule.anchor == datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


@given(
    market=st.datetimes(
        min_value=datetime(2015, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        max_value=datetime(2035, 1, 1),  # noqa: DTZ001 - as above
        timezones=st.just(UTC),
    ),
    speed=st.sampled_from([1.0, 7.0, 60.0, 333.0, 3600.0]),
    interval=st.sampled_from(list(Timeframe)),
    count=st.integers(0, 500),
)
def test_every_planned_run_falls_on_a_market_slot(
    market: datetime, speed: float, interval: Timeframe, count: int
) -> None:
    arena = clock(market, speed)
    schedule = schedule_for(arena, interval)

    due = arena.market_at(schedule.anchor + count * schedule.interval)
    off = abs(due - interval.floor(due + interval.length / 2))

    # Prefect keeps microseconds of real time, which are `speed` microseconds of market time.
    assert off <= timedelta(microseconds=(count + 2) * speed)
    assert schedule.anchor >= REAL
    assert schedule.anchor - REAL <= schedule.interval + timedelta(microseconds=1)


def test_the_next_slot_is_after_the_given_instant_even_on_a_slot() -> None:
    arena = clock(datetime(2024, 3, 1, 14, 0, tzinfo=UTC), 60)

    assert next_slot(arena, Timeframe.H1, real=REAL) == REAL + timedelta(seconds=60)
    later = REAL + timedelta(seconds=59)
    assert next_slot(arena, Timeframe.H1, real=later) == REAL + timedelta(seconds=60)


def test_a_speed_that_no_worker_can_follow_is_refused_with_the_fastest_possible_one() -> None:
    with pytest.raises(InvalidRecord, match="fastest bearable speed is 60"):
        require_bearable_speed(361.0, Timeframe.H1, PROCESS)

    require_bearable_speed(60.0, Timeframe.H1, PROCESS)
    require_bearable_speed(120.0, Timeframe.H1, WARM)


def test_runs_are_taken_early_but_never_two_of_an_account_at_once() -> None:
    assert prefetch_seconds(timedelta(hours=1)) == 20
    assert prefetch_seconds(timedelta(seconds=20)) == 10
    assert prefetch_seconds(timedelta(seconds=2)) == 1
