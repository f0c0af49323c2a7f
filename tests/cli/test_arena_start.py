"""Where market time begins, and where it goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.up.clock import anchored, at_next_slot, has_ended, next_arena
from cli.up.markets import MarketPlan
from deployments.schedule import LEAD, schedule_for
from trading.simulation.instruments import ASSETS
from trading.timeframes import Timeframe

NOW = datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC)
LATER = NOW + timedelta(days=3)


def market(name: str = "simulated-7", **changes: object) -> MarketPlan:
    values = {
        "name": name,
        "source": "simulated",
        "settings": {"seed": 7},
        "instruments": tuple(asset.instrument for asset in ASSETS.values()),
        "base_timeframe": Timeframe.M1,
        "starts_at": None,
        "ends_at": None,
    }
    return MarketPlan(**{**values, **changes})


def test_a_hundred_accounts_get_the_time_that_it_takes_to_make_their_deployments() -> None:
    arena = next_arena(None, market(), speed=60, real=NOW, accounts=100)

    schedule = schedule_for(arena.clock, Timeframe.H1)
    assert arena.clock.market_at(schedule.anchor) == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert schedule.anchor - NOW == LEAD + timedelta(seconds=15)


def test_a_first_start_is_today_with_its_first_cycle_due_in_a_few_seconds() -> None:
    arena = next_arena(None, market(), speed=60, real=NOW)

    schedule = schedule_for(arena.clock, Timeframe.H1)
    assert arena.clock.market_at(schedule.anchor) == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert schedule.anchor - NOW == LEAD
    assert arena.started_at == arena.seen_at == arena.clock.market_at(NOW)


def test_recorded_data_begins_where_it_suggests_and_ends_where_it_ends() -> None:
    starts_at = datetime(2024, 1, 5, 3, tzinfo=UTC)
    ends_at = datetime(2024, 2, 1, tzinfo=UTC)

    arena = next_arena(None, market(starts_at=starts_at, ends_at=ends_at), speed=60, real=NOW)

    schedule = schedule_for(arena.clock, Timeframe.H1)
    assert arena.clock.market_at(schedule.anchor) == starts_at
    assert not has_ended(arena, real=NOW)
    assert has_ended(arena, real=NOW + timedelta(days=30))


def test_after_a_stop_market_time_goes_on_where_it_was_last_seen() -> None:
    first = next_arena(None, market(), speed=60, real=NOW)
    stored = anchored(first, real=NOW)

    again = next_arena(stored, market(), speed=60, real=LATER)

    assert again.clock.market_at(LATER) == stored.seen_at
    assert again.started_at == first.started_at


def test_time_that_passes_while_prefect_starts_is_no_market_time() -> None:
    arena = next_arena(None, market(), speed=60, real=NOW)

    ready = anchored(arena, real=NOW + timedelta(seconds=30))

    assert ready.clock.market_at(NOW + timedelta(seconds=30)) == arena.seen_at


def test_the_speed_may_change_at_a_restart() -> None:
    stored = next_arena(None, market(), speed=60, real=NOW)

    again = next_arena(stored, market(), speed=5, real=LATER)

    assert again.clock.market_at(LATER + timedelta(seconds=1)) - stored.seen_at == timedelta(
        seconds=5
    )


def test_another_market_than_the_histories_is_refused_with_the_way_out() -> None:
    stored = next_arena(None, market(), speed=60, real=NOW)

    with pytest.raises(CommandFailed, match=r"simulated-7.*simulated-8.*PERPFLOW_HOME") as refused:
        next_arena(stored, market("simulated-8"), speed=60, real=LATER)

    assert refused.value.code is ExitCode.REFUSED


def test_one_cycle_at_a_time_moves_on_by_one_slot_each() -> None:
    arena = next_arena(None, market(), speed=1, real=NOW)

    first = at_next_slot(arena, Timeframe.H1)
    second = at_next_slot(first, Timeframe.H1)

    assert first.seen_at == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert second.seen_at == datetime(2026, 11, 20, 13, tzinfo=UTC)
