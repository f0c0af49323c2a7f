"""Puts the arena's accounts into Prefect: one work pool, one deployment for each account.

A deployment is `trade-account/<account_id>` and carries the id as its only parameter. Registering
is idempotent and keeps what the operator set (a paused deployment stays paused). What an earlier
start left behind is cleared first: planned runs are deleted, so that a restart does not run a burst
of late cycles, and runs that died with their process are marked as crashed.
"""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from prefect.client.schemas.actions import (
    DeploymentScheduleCreate,
    WorkPoolCreate,
)
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
)
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.exceptions import ObjectAlreadyExists
from prefect.types import DateTime
from prefect.workers.process import ProcessWorker

from deployments.account_deployment import AccountDeployment
from deployments.left_overs import clear_left_over_runs
from deployments.pool_requests import pause_pool
from deployments.pools import POOLS
from deployments.schedule import RealSchedule

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.responses import DeploymentResponse

WORK_POOL = "perpflow"
FLOW_NAME = "trade-account"
ENTRYPOINT = "flows.trade_account.trade_account"
"""A module path: a path to a file would load the module twice."""

_TAG = "perpflow"
_PAGE = 200  # the server's largest page
_AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowReference:
    """Which flow the deployments run; tests bring their own."""

    name: str = FLOW_NAME
    entrypoint: str = ENTRYPOINT


async def register_accounts(
    client: PrefectClient,
    accounts: Sequence[AccountDeployment],
    *,
    work_folder: Path,
    flow: FlowReference = FlowReference(),
    pool: str = WORK_POOL,
    worker_type: str = ProcessWorker.type,
) -> dict[str, UUID]:
    """Make Prefect's deployments equal to `accounts`; returns deployment ids by account id."""
    await ensure_work_pool(client, pool, worker_type)
    flow_id = await client.create_flow_from_name(flow.name)
    existing = {found.name: found for found in await deployments_of(client, flow.name)}
    await clear_left_over_runs(client, [found.id for found in existing.values()])
    wanted = {account.account_id for account in accounts}
    for name, found in existing.items():
        if name not in wanted:
            await client.delete_deployment(found.id)
    places = asyncio.Semaphore(_AT_ONCE)

    async def save(account: AccountDeployment) -> UUID:
        async with places:
            return await _save_deployment(
                client,
                flow_id,
                flow.entrypoint,
                account,
                pool=pool,
                job_variables=job_variables_for(work_folder, worker_type),
                switched_on=is_switched_on(existing.get(account.account_id)),
            )

    ids = await asyncio.gather(*(save(account) for account in accounts))
    return {account.account_id: id_ for account, id_ in zip(accounts, ids, strict=True)}


async def register_account(
    client: PrefectClient,
    account: AccountDeployment,
    *,
    work_folder: Path,
    switched_on: bool,
    flow: FlowReference = FlowReference(),
    pool: str = WORK_POOL,
    worker_type: str = ProcessWorker.type,
) -> UUID:
    """Create or update one deployment while the arena runs; the others are not touched."""
    return await _save_deployment(
        client,
        await client.create_flow_from_name(flow.name),
        flow.entrypoint,
        account,
        pool=pool,
        job_variables=job_variables_for(work_folder, worker_type),
        switched_on=switched_on,
    )


async def stop_schedules(client: PrefectClient, deployment_ids: Iterable[UUID]) -> None:
    """No further runs are planned; used when recorded data has come to its end."""
    for deployment_id in deployment_ids:
        for schedule in await client.read_deployment_schedules(deployment_id):
            await client.update_deployment_schedule(deployment_id, schedule.id, active=False)


async def ensure_work_pool(
    client: PrefectClient, pool: str = WORK_POOL, worker_type: str = ProcessWorker.type
) -> None:
    """The pool, ready to hand out runs; warm and stock processes take the same variables."""
    template = ProcessWorker.get_default_base_job_template()
    try:
        await client.create_work_pool(
            WorkPoolCreate(
                name=pool,
                type=worker_type,
                base_job_template=template,
                description="Runs the cycles of the accounts as processes on this machine.",
            )
        )
    except ObjectAlreadyExists:
        # The last stop has paused it so that no run began any more.
        await pause_pool(client, pool, paused=False)


async def start_runs(client: PrefectClient, deployment_ids: dict[str, UUID]) -> dict[str, UUID]:
    """One flow run for each deployment, due now; returns flow run ids by account id."""
    return {
        account_id: (await client.create_flow_run_from_deployment(deployment_id)).id
        for account_id, deployment_id in deployment_ids.items()
    }


def is_switched_on(found: DeploymentResponse | None) -> bool:
    """Prefect's own page pauses a deployment by switching its schedules off; that has to last."""
    return found is None or not found.schedules or any(s.active for s in found.schedules)


async def _save_deployment(
    client: PrefectClient,
    flow_id: UUID,
    entrypoint: str,
    account: AccountDeployment,
    *,
    pool: str,
    job_variables: dict[str, str],
    switched_on: bool,
) -> UUID:
    # `paused` is left out on purpose: the server then keeps the flag of an existing deployment.
    return await client.create_deployment(
        flow_id=flow_id,
        name=account.account_id,
        version=account.version,
        description=account.description,
        entrypoint=entrypoint,
        parameters={"account_id": account.account_id},
        parameter_openapi_schema=_PARAMETER_SCHEMA,
        enforce_parameter_schema=True,
        tags=[_TAG, *account.tags],
        work_pool_name=pool,
        job_variables=job_variables,
        schedules=[]
        if account.schedule is None
        else [interval_schedule(account.schedule, active=switched_on)],
        # No concurrency limit: the lease in our database decides, and a run that finds it taken says
        # so in its record. Prefect's would also count runs that were handed over ahead of time.
    )


_PARAMETER_SCHEMA = {
    "title": "Parameters",
    "type": "object",
    "properties": {
        "account_id": {"title": "account_id", "type": "string", "position": 0},
    },
    "required": ["account_id"],
}


def job_variables_for(work_folder: Path, worker_type: str) -> dict[str, str]:
    """What a run on this machine needs; one in a container finds everything in its image."""
    if worker_type == ProcessWorker.type:
        # With a command of our own Prefect skips its workspace supervisor, a second interpreter
        # for each run that only looks for pull steps; we have none. A warm worker forks instead.
        command = shlex.join([sys.executable, "-m", "prefect.engine"])
        return {"working_dir": str(work_folder), "command": command}
    if worker_type in {pool.worker_type for pool in POOLS.values()}:
        return {"working_dir": str(work_folder)}
    return {}


def interval_schedule(schedule: RealSchedule, *, active: bool) -> DeploymentScheduleCreate:
    anchor = DateTime.fromtimestamp(schedule.anchor.timestamp(), tz=schedule.anchor.tzinfo)
    return DeploymentScheduleCreate(
        schedule=IntervalSchedule(interval=schedule.interval, anchor_date=anchor, timezone="UTC"),
        active=active,
    )


async def deployments_of(client: PrefectClient, flow_name: str) -> list[DeploymentResponse]:
    """All deployments of a flow, whoever made them."""
    found: list[DeploymentResponse] = []
    while True:
        page = await client.read_deployments(
            flow_filter=FlowFilter(name=FlowFilterName(any_=[flow_name])),
            limit=_PAGE,
            offset=len(found),
        )
        found.extend(page)
        if len(page) < _PAGE:
            return found
