"""The deployment `watch-exits/arena`: once a minute, on a market whose time is real.

Elsewhere there is none: on a simulated or recorded market nothing happens between the slots that the
next cycle would not see in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
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
from trading.timeframes import EPOCH

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient

    from adapters.store.arena import Arena

WATCH_FLOW = "watch-exits"
WATCH_ENTRYPOINT = "flows.watch_exits.watch_exits"
WATCH_NAME = "arena"
WATCH_EVERY = timedelta(minutes=1)
_BESIDE = timedelta(seconds=35)
"""After the full minute: the cycles begin there, and have the accounts for some seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchDeployment:
    """The round as it should be planned."""

    schedule: RealSchedule


def watch_deployment(arena: Arena) -> WatchDeployment | None:
    """The round of an arena; None where the market's time is not real."""
    if not arena.is_real_time:
        return None
    return WatchDeployment(schedule=RealSchedule(interval=WATCH_EVERY, anchor=EPOCH + _BESIDE))


async def register_watch(
    client: PrefectClient,
    wanted: WatchDeployment | None,
    *,
    work_folder: Path,
    pool: str,
    worker_type: str,
    flow: str = WATCH_FLOW,
) -> UUID | None:
    """Make Prefect's round equal to `wanted`; None takes it away. Its switch is kept."""
    existing = {found.name: found for found in await deployments_of(client, flow)}
    await clear_left_over_runs(client, [found.id for found in existing.values()])
    for name, found in existing.items():
        if wanted is None or name != WATCH_NAME:
            await client.delete_deployment(found.id)
    if wanted is None:
        return None
    switched_on = is_switched_on(existing.get(WATCH_NAME))
    return await client.create_deployment(
        flow_id=await client.create_flow_from_name(flow),
        name=WATCH_NAME,
        description="Looks at what is held once a minute, between the cycles of the accounts.",
        entrypoint=WATCH_ENTRYPOINT,
        parameters={},
        tags=["perpflow", "watch"],
        work_pool_name=pool,
        job_variables=job_variables_for(work_folder, worker_type),
        schedules=[interval_schedule(wanted.schedule, active=switched_on)],
    )
