"""The warm worker against a real server: runs end in every way, and each takes only itself along."""

from __future__ import annotations

import asyncio
import time

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import StateType
from prefect.states import Cancelling

from tests.deployments.warm_pool import Pool, Start, final_state
from tests.waiting import until

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(240)]


async def test_runs_are_executed_by_children_of_one_warm_parent_which_are_used_again(
    client: PrefectClient, pool: Pool, start: Start
) -> None:
    for account in ("alpha", "beta"):
        run = await start("ends_well", account)
        assert (await final_state(client, run, pool)).is_completed(), pool.story()
    first, second = ((pool.work / f"{name}.ran").read_text().split() for name in ("alpha", "beta"))
    assert first == second  # parent and process id
    assert int(first[0]) != pool.worker.pid


async def test_the_log_of_a_run_arrives(client: PrefectClient, pool: Pool, start: Start) -> None:
    run = await start("ends_well", "writer")
    await final_state(client, run, pool)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        logs = await client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run])))
        if any("of writer" in line.message for line in logs):
            return
        await asyncio.sleep(0.3)
    raise AssertionError([line.message for line in logs])


async def test_a_flow_that_raises_is_failed_with_its_reason(
    client: PrefectClient, pool: Pool, start: Start
) -> None:
    state = await final_state(client, await start("ends_by_error", "alpha"), pool)
    assert state.type is StateType.FAILED
    assert "alpha does not work" in (state.message or "")


async def test_a_flow_that_outlasts_its_time_is_failed_as_timed_out(
    client: PrefectClient, pool: Pool, start: Start
) -> None:
    state = await final_state(client, await start("outlasts_its_time", "alpha"), pool)
    assert (state.type, state.name) == (StateType.FAILED, "TimedOut")


@pytest.mark.parametrize("end", ["ends_by_kill", "ends_by_segfault"])
async def test_a_run_whose_process_dies_is_crashed_and_the_next_run_goes_on(
    client: PrefectClient, pool: Pool, start: Start, end: str
) -> None:
    dead = await final_state(client, await start(end, "alpha"), pool)
    assert dead.type is StateType.CRASHED
    after = await final_state(client, await start("ends_well", "gamma"), pool)
    assert after.is_completed(), pool.story()


async def test_a_run_that_wants_all_memory_fails_alone(
    client: PrefectClient, pool: Pool, start: Start
) -> None:
    state = await final_state(client, await start("ends_by_hunger", "alpha"), pool)
    assert state.type is StateType.FAILED
    assert "MemoryError" in (state.message or "")
    assert not (pool.work / "alpha.sated").exists()


async def test_a_run_that_is_cancelled_in_the_ui_ends_and_its_process_is_gone(
    client: PrefectClient, pool: Pool, start: Start
) -> None:
    run = await start("sleeps", "sleeper")
    await until((pool.work / "sleeper.asleep").exists, 60)
    await client.set_flow_run_state(run, Cancelling())
    assert (await final_state(client, run, pool)).type is StateType.CANCELLED
