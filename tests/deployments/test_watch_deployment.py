"""When there is a round of looks, and when it comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from adapters.store.arena import ASTER, Arena
from deployments.watch_deployment import watch_deployment
from trading.arena_clock import ArenaClock

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ARENA = Arena(
    market="aster-testnet",
    source=ASTER,
    settings={"network": "testnet"},
    clock=ArenaClock(real_anchor=NOW, market_anchor=NOW, speed=1.0),
    started_at=NOW,
    seen_at=NOW,
)


def test_there_is_a_round_each_minute_on_a_real_market_and_none_elsewhere() -> None:
    wanted = watch_deployment(ARENA)
    assert wanted is not None
    assert wanted.schedule.interval == timedelta(minutes=1)
    assert wanted.schedule.anchor.second == 35, "apart from the slots, which lie on full minutes"
    assert watch_deployment(replace(ARENA, source="simulated")) is None
    assert watch_deployment(replace(ARENA, source="recorded")) is None
