"""A stock process worker runs a deployment that has nothing but a module path."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from prefect.client.orchestration import PrefectClient

from deployments.prefect_settings import PrefectPlace, worker_environment
from deployments.register import AccountDeployment, FlowReference, register_accounts, start_runs

pytestmark = pytest.mark.prefect


@pytest.fixture
def pool(prefect_server: PrefectPlace, tmp_path: Path) -> Iterator[str]:
    name = f"pool-{uuid4().hex[:8]}"
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", name]
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [*command, "--type", "process", "--install-policy", "never"],
            env=worker_environment(prefect_server, os.environ),
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    yield name
    worker.terminate()
    worker.wait(timeout=20)


async def test_a_run_finds_its_flow_by_module_path_in_the_installed_package(
    client: PrefectClient, pool: str, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    ids = await register_accounts(
        client,
        [AccountDeployment(account_id="alpha", description="d", schedule=None)],
        work_folder=work,
        flow=FlowReference(name="sample", entrypoint="tests.deployments.sample_flow.sample"),
        pool=pool,
    )

    runs = await start_runs(client, ids)

    state = await _final_state(client, runs["alpha"])
    assert state.is_completed(), (tmp_path / "worker.log").read_text()
    assert [path.name for path in work.iterdir()] == ["alpha.ran"]


async def _final_state(client: PrefectClient, run_id):
    while True:
        state = (await client.read_flow_run(run_id)).state
        if state is not None and state.is_final():
            return state
        await asyncio.sleep(0.3)
