"""When the warm worker starts a run: on the second, within its limits, and not once it is called off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolUpdate
from prefect.client.schemas.objects import (
    ConcurrencyLimitStrategy,
    ConcurrencyOptions,
    StateType,
)
from prefect.states import Cancelling

from tests.deployments.warm_pool import Pool, Start, final_state, state_type
from tests.waiting import until

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(240)]

Deploy = Callable[[str, str], Awaitable[UUID]]


async def test_a_run_that_was_handed_over_ahead_of_time_starts_when_it_is_due(
    client: PrefectClient, pool: Pool, start: Start
) -> None:
    await final_state(client, await start("ends_well", "first"), pool)  # the worker has come up
    due = datetime.now(UTC) + timedelta(seconds=4)
    run = await start("ends_well", "punctual", due)
    await state_type(client, run, "PENDING")  # taken, and waiting
    await final_state(client, run, pool)
    started = (await client.read_flow_run(run)).start_time
    assert started is not None
    assert timedelta(0) <= started - due < timedelta(seconds=2)


async def test_a_waiting_run_that_is_cancelled_never_starts(
    client: PrefectClient, pool: Pool, start: Start
) -> None:
    run = await start("ends_well", "called-off", datetime.now(UTC) + timedelta(seconds=5))
    await state_type(client, run, "PENDING")
    await client.set_flow_run_state(run, Cancelling())
    assert (await final_state(client, run, pool)).type is StateType.CANCELLED
    assert not (pool.work / "called-off.ran").exists()


async def test_no_more_runs_are_under_way_at_once_than_the_worker_has_places(
    client: PrefectClient, pool: Pool, deploy: Deploy
) -> None:
    deployment = await deploy("takes_a_second", "crowd")
    runs = [(await client.create_flow_run_from_deployment(deployment)).id for _ in range(5)]
    for run in runs:
        assert (await final_state(client, run, pool)).is_completed(), pool.story()
    spans = [
        tuple(map(float, line.split()))
        for line in (pool.work / "crowd.spans").read_text().splitlines()
    ]
    assert len(spans) == 5
    most = max(sum(b <= began < e for _, b, e in spans) for _, began, _ in spans)
    assert most == 2
    assert len({process for process, _, _ in spans}) <= 2


async def test_a_concurrency_limit_of_a_deployment_is_kept(
    client: PrefectClient, pool: Pool, deploy: Deploy
) -> None:
    deployment = await deploy("sleeps", "single")
    one = ConcurrencyOptions(collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
    limit = DeploymentUpdate(concurrency_limit=1, concurrency_options=one)
    await client.update_deployment(deployment, limit)
    first = (await client.create_flow_run_from_deployment(deployment)).id
    await until((pool.work / "single.asleep").exists, 60)
    second = (await client.create_flow_run_from_deployment(deployment)).id
    assert (await final_state(client, second, pool)).type is StateType.CANCELLED
    await client.set_flow_run_state(first, Cancelling())
    assert (await final_state(client, first, pool)).type is StateType.CANCELLED


async def test_a_paused_work_pool_hands_out_nothing_until_it_is_resumed(
    client: PrefectClient, pool: Pool, deploy: Deploy
) -> None:
    deployment = await deploy("ends_well", "patient")
    await client.update_work_pool(pool.name, WorkPoolUpdate(is_paused=True))
    run = (await client.create_flow_run_from_deployment(deployment)).id
    await asyncio.sleep(5)
    state = (await client.read_flow_run(run)).state
    assert state is not None
    assert state.type is StateType.SCHEDULED
    await client.update_work_pool(pool.name, WorkPoolUpdate(is_paused=False))
    assert (await final_state(client, run, pool)).is_completed(), pool.story()
