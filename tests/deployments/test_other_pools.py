"""The deployments of an arena in Prefect's stock pools: nothing in them is bound to this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import prefect
import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.workers.base import BaseJobConfiguration

from deployments.account_deployment import AccountDeployment
from deployments.register import FlowReference, register_accounts

pytestmark = pytest.mark.prefect

COLLECTIONS = "server/api/collections_data/views/aggregate-worker-metadata.json"


def stock_template(worker_type: str) -> dict[str, Any]:
    """The job template that Prefect's own package of that worker type publishes."""
    file = Path(prefect.__file__).parent / COLLECTIONS
    types = {
        name: worker
        for package in json.loads(file.read_text()).values()
        for name, worker in package.items()
    }
    return types[worker_type]["default_base_job_configuration"]


@pytest.mark.parametrize("worker_type", ["docker", "kubernetes"])
async def test_a_stock_container_pool_gets_a_job_that_starts_the_flow_from_its_image(
    client: PrefectClient, tmp_path: Path, worker_type: str
) -> None:
    pool = f"{worker_type}-{uuid4().hex[:8]}"
    template = stock_template(worker_type)
    await client.create_work_pool(
        WorkPoolCreate(name=pool, type=worker_type, base_job_template=template)
    )
    ids = await register_accounts(
        client,
        [AccountDeployment(account_id="alpha", description="d", schedule=None)],
        work_folder=tmp_path,
        flow=FlowReference(name=f"trade-account-{pool}"),
        pool=pool,
        worker_type=worker_type,
    )
    run = await client.create_flow_run_from_deployment(ids["alpha"])

    job = await BaseJobConfiguration.resolve_for_flow_run(
        run, client=client, work_pool=await client.read_work_pool(pool), worker_name="elsewhere"
    )

    deployment = await client.read_deployment(ids["alpha"])
    assert job.command == "prefect flow-run execute"
    assert job.env["PREFECT__FLOW_RUN_ID"] == str(run.id)
    assert deployment.entrypoint == "flows.trade_account.trade_account"
    assert deployment.path is None
    assert not deployment.pull_steps
    assert not deployment.job_variables
