"""Clears what an earlier life of the arena left in Prefect.

Planned runs are deleted, so that a restart does not run a burst of late cycles. Runs that claim to
be under way although their process is gone are marked as crashed, and give their place back: a
place that stays taken would keep the account from ever running again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import UUID

from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.objects import FlowRun

_PAGE = 200  # the server's largest page
_UNFINISHED = (StateType.PENDING, StateType.RUNNING, StateType.CANCELLING, StateType.PAUSED)


async def clear_left_over_runs(client: PrefectClient, deployment_ids: Sequence[UUID]) -> None:
    """Delete planned runs; mark as crashed what claims to run though nothing runs it."""
    if not deployment_ids:
        return
    for planned in await _runs_of(client, deployment_ids, (StateType.SCHEDULED,)):
        await _ignore_missing(client.delete_flow_run(planned.id))
    for run in await _runs_of(client, deployment_ids, _UNFINISHED):
        message = "The arena was stopped while this run was under way."
        await _ignore_missing(
            client.set_flow_run_state(run.id, Crashed(message=message), force=True)
        )
    for deployment_id in deployment_ids:
        await _free_concurrency_slots(client, deployment_id)


async def _runs_of(
    client: PrefectClient, deployment_ids: Sequence[UUID], states: Sequence[StateType]
) -> list[FlowRun]:
    found: list[FlowRun] = []
    while True:
        page = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                deployment_id=FlowRunFilterDeploymentId(any_=list(deployment_ids)),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states))),
            ),
            limit=_PAGE,
            offset=len(found),
        )
        found.extend(page)
        if len(page) < _PAGE:
            return found


async def _free_concurrency_slots(client: PrefectClient, deployment_id: UUID) -> None:
    deployment = await client.read_deployment(deployment_id)
    limit = deployment.global_concurrency_limit
    if limit is not None and limit.active_slots > 0:
        await client.update_global_concurrency_limit(
            limit.name, GlobalConcurrencyLimitUpdate(active_slots=0)
        )


async def _ignore_missing(request: Awaitable[object]) -> None:
    # The server's own services may have removed the row since it was listed.
    with suppress(ObjectNotFound):
        await request
