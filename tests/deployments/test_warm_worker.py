"""The warm worker against a real server: it starts runs by fork, and everything else is Prefect's."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import State, StateType
from prefect.states import Cancelling

from deployments.prefect_settings import PrefectPlace, worker_environment
from deployments.register import AccountDeployment, FlowReference, register_accounts, start_runs
from deployments.warm.worker import WORKER_TYPE

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(240)]


@dataclass(frozen=True)
class Pool:
    name: str
    work: Path
    log: Path
    worker: subprocess.Popen[bytes]

    def story(self) -> str:
        return self.log.read_text()[-4000:]


@pytest.fixture(scope="module")
def pool(prefect_server: PrefectPlace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    """One warm worker for all tests of this file; a run that dies must not take it along."""
    folder = tmp_path_factory.mktemp("warm")
    work = folder / "work"
    work.mkdir()
    log = folder / "worker.log"
    name = f"warm-{uuid4().hex[:8]}"
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", name]
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [*command, "--type", WORKER_TYPE, "--install-policy", "never"],
            env=worker_environment(prefect_server, os.environ),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    yield Pool(name=name, work=work, log=log, worker=worker)
    worker.terminate()
    worker.wait(timeout=30)


Start = Callable[[str, str], Awaitable[UUID]]


@pytest.fixture
def start(client: PrefectClient, pool: Pool) -> Start:
    """Run a flow of `warm_flows` for an account; returns the flow run's id."""

    async def run(flow: str, account_id: str) -> UUID:
        ids = await register_accounts(
            client,
            [AccountDeployment(account_id=account_id, description="d", schedule=None)],
            work_folder=pool.work,
            flow=FlowReference(
                name=flow.replace("_", "-"), entrypoint=f"tests.deployments.warm_flows.{flow}"
            ),
            pool=pool.name,
            worker_type=WORKER_TYPE,
        )
        return (await start_runs(client, ids))[account_id]

    return run


async def final_state(client: PrefectClient, run: UUID, pool: Pool) -> State:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        state = (await client.read_flow_run(run)).state
        if state is not None and state.is_final():
            return state
        await asyncio.sleep(0.2)
    raise AssertionError(pool.story())


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.2)


async def test_a_run_is_executed_by_a_child_of_the_warm_parent_and_its_log_arrives(
    client: PrefectClient, pool: Pool, start: Start
) -> None:
    run = await start("ends_well", "alpha")
    assert (await final_state(client, run, pool)).is_completed(), pool.story()
    parent = int((pool.work / "alpha.ran").read_text())
    assert parent != pool.worker.pid
    second = await start("ends_well", "beta")
    assert (await final_state(client, second, pool)).is_completed(), pool.story()
    assert int((pool.work / "beta.ran").read_text()) == parent
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        logs = await client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run])))
        if any("of alpha" in line.message for line in logs):
            return
        await asyncio.sleep(0.3)
    raise AssertionError([line.message for line in logs])


async def test_a_flow_that_raises_is_failed_with_its_reason(
    client: PrefectClient, pool: Pool, start: Start
) -> None:
    state = await final_state(client, await start("ends_by_error", "alpha"), pool)
    assert state.type is StateType.FAILED
    assert "alpha does not work" in (state.message or "")


async def test_a_run_that_is_killed_is_crashed_and_the_next_run_goes_on(
    client: PrefectClient, pool: Pool, start: Start
) -> None:
    killed = await final_state(client, await start("ends_by_kill", "alpha"), pool)
    assert killed.type is StateType.CRASHED
    after = await final_state(client, await start("ends_well", "gamma"), pool)
    assert after.is_completed(), pool.story()


async def test_a_run_that_is_cancelled_in_the_ui_ends_and_its_process_is_gone(
    client: PrefectClient, pool: Pool, start: Start
) -> None:
    run = await start("sleeps", "sleeper")
    await asyncio.to_thread(wait_for, pool.work / "sleeper.asleep")
    await client.set_flow_run_state(run, Cancelling())
    assert (await final_state(client, run, pool)).type is StateType.CANCELLED
