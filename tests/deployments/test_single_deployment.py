"""The collector and the round of looks in a real Prefect server."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from prefect.client.orchestration import PrefectClient

from deployments.market_deployment import market_deployment
from deployments.register import deployments_of, ensure_work_pool
from deployments.single_deployment import SingleDeployment, register_single
from deployments.watch_deployment import watch_deployment
from tests.deployments.test_market_deployment import ARENA as SIMULATED
from tests.deployments.test_watch_deployment import ARENA as REAL


@pytest.mark.prefect
@pytest.mark.parametrize(
    ("wanted", "name", "entrypoint"),
    [
        (market_deployment(SIMULATED), "simulated-7", "flows.collect_market.collect_market"),
        (watch_deployment(REAL), "arena", "flows.watch_exits.watch_exits"),
    ],
    ids=["collector", "round"],
)
async def test_registering_again_keeps_the_switch_and_nothing_wanted_takes_it_away(
    client: PrefectClient, tmp_path: Path, wanted: SingleDeployment, name: str, entrypoint: str
) -> None:
    flow, pool = f"single-{uuid4().hex[:8]}", f"pool-{uuid4().hex[:8]}"
    await ensure_work_pool(client, pool, "process")
    place = {"work_folder": tmp_path, "pool": pool, "worker_type": "process"}
    first = await register_single(client, flow, wanted, **place)
    assert first is not None
    (schedule,) = await client.read_deployment_schedules(first)
    await client.update_deployment_schedule(first, schedule.id, active=False)
    assert await register_single(client, flow, wanted, **place) == first
    (found,) = await deployments_of(client, flow)
    assert (found.name, found.entrypoint) == (name, entrypoint)
    assert [each.active for each in found.schedules] == [False]
    assert await register_single(client, flow, None, **place) is None
    assert await deployments_of(client, flow) == []
