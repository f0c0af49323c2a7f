"""When there is a collector, and when it comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from adapters.store.arena import Arena
from adapters.store.market_passes import ANNOUNCED_AHEAD
from deployments.market_deployment import (
    WORTH_IT_FROM,
    collect_every,
    market_deployment,
)
from tests.arena import build_account
from trading.arena_clock import ArenaClock
from trading.timeframes import Timeframe

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ARENA = Arena(
    market="simulated-7",
    source="simulated",
    settings={"seed": 7},
    clock=ArenaClock(
        real_anchor=NOW, market_anchor=datetime(2026, 1, 1, 0, 2, tzinfo=UTC), speed=10.0
    ),
    started_at=NOW,
    seen_at=NOW,
    collect_every=timedelta(minutes=5),
)


def accounts(count: int, *intervals: Timeframe):
    return [
        build_account("grid", id=f"a{n}", interval=intervals[n % len(intervals)])
        for n in range(count)
    ]


def test_a_market_that_everybody_computes_is_collected_only_for_many_accounts() -> None:
    few, many = accounts(WORTH_IT_FROM - 1, Timeframe.M5), accounts(WORTH_IT_FROM, Timeframe.M5)
    for source in ("simulated", "recorded"):
        assert collect_every(source, few) is None
        assert collect_every(source, many) == timedelta(minutes=5)


def test_a_market_behind_a_network_is_always_collected() -> None:
    assert collect_every("aster", accounts(1, Timeframe.H1)) == timedelta(hours=1)


def test_the_collector_comes_with_the_shortest_interval_and_not_without_accounts() -> None:
    mixed = accounts(WORTH_IT_FROM, Timeframe.H1, Timeframe.M15)
    assert collect_every("simulated", mixed) == timedelta(minutes=15)
    assert collect_every("aster", ()) is None


def test_every_run_is_planned_a_moment_ahead_of_a_slot() -> None:
    wanted = market_deployment(ARENA)
    assert wanted is not None
    assert wanted.schedule.interval == timedelta(seconds=30)
    for number in range(3):
        planned = wanted.schedule.anchor + number * wanted.schedule.interval
        slot = ARENA.clock.market_at(planned + ANNOUNCED_AHEAD)
        assert slot == datetime(2026, 1, 1, 0, 5 * (number + 1), tzinfo=UTC)


def test_an_arena_without_a_collector_has_no_deployment_for_it() -> None:
    assert market_deployment(replace(ARENA, collect_every=None)) is None
