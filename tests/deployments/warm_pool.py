"""One warm worker for the whole session, and the way tests start flow runs in its pool."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import State
from prefect.states import Scheduled

from deployments.prefect_settings import PrefectPlace, worker_environment
from deployments.register import AccountDeployment, FlowReference, register_accounts
from deployments.warm.worker import WORKER_TYPE


@dataclass(frozen=True)
class Pool:
    name: str
    work: Path
    log: Path
    worker: subprocess.Popen[bytes]

    def story(self) -> str:
        return self.log.read_text()[-4000:]


@pytest.fixture(scope="session")
def pool(prefect_server: PrefectPlace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    """Two runs at once, taken up to five seconds ahead."""
    folder = tmp_path_factory.mktemp("warm")
    work = folder / "work"
    work.mkdir()
    log = folder / "worker.log"
    name = f"warm-{uuid4().hex[:8]}"
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", name]
    options = ["--type", WORKER_TYPE, "--limit", "2", "--prefetch-seconds", "5"]
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [*command, *options, "--install-policy", "never"],
            env=worker_environment(prefect_server, os.environ),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    yield Pool(name=name, work=work, log=log, worker=worker)
    worker.terminate()
    try:
        worker.wait(timeout=20)
    except subprocess.TimeoutExpired:  # its web sockets wait for a busy server
        worker.kill()
        worker.wait()


class Start(Protocol):
    """Run a flow of `warm_flows` for an account; returns the flow run's id."""

    def __call__(
        self, flow: str, account_id: str, due: datetime | None = None
    ) -> Awaitable[UUID]: ...


@pytest.fixture
def deploy(client: PrefectClient, pool: Pool) -> Callable[[str, str], Awaitable[UUID]]:
    """A deployment of a flow of `warm_flows`; returns its id."""

    async def register(flow: str, account_id: str) -> UUID:
        ids = await register_accounts(
            client,
            [AccountDeployment(account_id=account_id, description="d", schedule=None)],
            work_folder=pool.work,
            flow=FlowReference(
                name=f"{flow.replace('_', '-')}-{account_id}",
                entrypoint=f"tests.deployments.warm_flows.{flow}",
            ),
            pool=pool.name,
            worker_type=WORKER_TYPE,
        )
        return ids[account_id]

    return register


@pytest.fixture
def start(client: PrefectClient, deploy: Callable[[str, str], Awaitable[UUID]]) -> Start:
    async def run(flow: str, account_id: str, due: datetime | None = None) -> UUID:
        deployment_id = await deploy(flow, account_id)
        state = Scheduled(scheduled_time=due) if due else None
        return (await client.create_flow_run_from_deployment(deployment_id, state=state)).id

    return run


async def final_state(client: PrefectClient, run: UUID, pool: Pool) -> State:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        state = (await client.read_flow_run(run)).state
        if state is not None and state.is_final():
            return state
        await asyncio.sleep(0.2)
    raise AssertionError(pool.story())


async def state_type(client: PrefectClient, run: UUID, wanted: str) -> None:
    """Wait until a run is in a state of a type."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        state = (await client.read_flow_run(run)).state
        if state is not None and state.type.value == wanted:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"the run never was {wanted}")
