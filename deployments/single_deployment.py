"""A flow's only deployment: made, changed or taken away, with its switch kept as people left it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from deployments.left_overs import clear_left_over_runs
from deployments.register import (
    deployments_of,
    interval_schedule,
    is_switched_on,
    job_variables_for,
)
from deployments.schedule import RealSchedule

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleDeployment:
    """The deployment as it should be."""

    name: str
    description: str
    entrypoint: str
    tag: str
    schedule: RealSchedule


async def register_single(
    client: PrefectClient,
    flow: str,
    wanted: SingleDeployment | None,
    *,
    work_folder: Path,
    pool: str,
    worker_type: str,
) -> UUID | None:
    """Make Prefect's deployments of a flow equal to `wanted`; None takes all of them away."""
    existing = {found.name: found for found in await deployments_of(client, flow)}
    await clear_left_over_runs(client, [found.id for found in existing.values()])
    for name, found in existing.items():
        if wanted is None or name != wanted.name:
            await client.delete_deployment(found.id)
    if wanted is None:
        return None
    switched_on = is_switched_on(existing.get(wanted.name))
    return await client.create_deployment(
        flow_id=await client.create_flow_from_name(flow),
        name=wanted.name,
        description=wanted.description,
        entrypoint=wanted.entrypoint,
        parameters={},
        tags=["perpflow", wanted.tag],
        work_pool_name=pool,
        job_variables=job_variables_for(work_folder, worker_type),
        schedules=[interval_schedule(wanted.schedule, active=switched_on)],
    )
