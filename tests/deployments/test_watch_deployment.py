"""The round of looks in a real Prefect server, and when there is one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from prefect.client.orchestration import PrefectClient

from adapters.store.arena import ASTER, Arena
from deployments.register import deployments_of, ensure_work_pool
from deployments.watch_deployment import register_watch, watch_deployment
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


@pytest.mark.prefect
async def test_registering_again_keeps_the_switch_and_nothing_wanted_takes_it_away(
    client: PrefectClient, tmp_path: Path
) -> None:
    flow, pool = f"watch-exits-{uuid4().hex[:8]}", f"pool-{uuid4().hex[:8]}"
    await ensure_work_pool(client, pool, "process")
    place = {"work_folder": tmp_path, "pool": pool, "worker_type": "process", "flow": flow}
    first = await register_watch(client, watch_deployment(ARENA), **place)
    assert first is not None
    (schedule,) = await client.read_deployment_schedules(first)
    await client.update_deployment_schedule(first, schedule.id, active=False)
    assert await register_watch(client, watch_deployment(ARENA), **place) == first
    (found,) = await deployments_of(client, flow)
    assert (found.name, found.entrypoint) == ("arena", "flows.watch_exits.watch_exits")
    assert [each.active for each in found.schedules] == [False]
    assert await register_watch(client, None, **place) is None
    assert await deployments_of(client, flow) == []
