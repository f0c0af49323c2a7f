"""Clears what an earlier life of the arena, or a dead worker, left in Prefect.

Planned runs are deleted, so that a restart does not run a burst of late cycles. Runs that claim to
be under way although their process is gone are marked as crashed, and give their place back: a
place that stays taken would keep the account from ever running again. Call it only when no process
of those runs is alive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from deployments.pool_requests import PrefectRequests, in_pool, in_states, send

_PAGE = 200  # the server's largest page
_PLANNED = ("SCHEDULED",)
_UNFINISHED = ("PENDING", "RUNNING", "CANCELLING", "PAUSED")
STOPPED = "The arena was stopped while this run was under way."
WORKER_DIED = "The worker ended while this run was under way."


async def clear_left_over_runs(client: PrefectRequests, deployment_ids: Sequence[UUID]) -> None:
    """Delete planned runs of deployments; mark as crashed what claims to run.

    Raises `httpx.HTTPError` when Prefect does not do it.
    """
    if deployment_ids:
        chosen = {"deployments": {"id": {"any_": [str(each) for each in deployment_ids]}}}
        await _delete_planned(client, chosen)
        await _crash_unfinished(client, chosen, STOPPED)


async def clear_pool(client: PrefectRequests, pool: str) -> None:
    """The same for everything in a work pool, whoever deployed it: after the worker has gone."""
    await _delete_planned(client, in_pool(pool))
    await _crash_unfinished(client, in_pool(pool), STOPPED)


async def crash_unfinished_runs(client: PrefectRequests, pool: str) -> int:
    """Mark the runs of a dead worker as crashed; planned ones stay. How many there were."""
    return await _crash_unfinished(client, in_pool(pool), WORKER_DIED)


async def _delete_planned(client: PrefectRequests, chosen: dict[str, Any]) -> None:
    for run_id in await _runs(client, chosen, _PLANNED):
        await send(client, "DELETE", f"/flow_runs/{run_id}", gone_is_fine=True)


async def _crash_unfinished(client: PrefectRequests, chosen: dict[str, Any], why: str) -> int:
    unfinished = await _runs(client, chosen, _UNFINISHED)
    body = {"state": {"type": "CRASHED", "name": "Crashed", "message": why}, "force": True}
    for run_id in unfinished:
        await send(client, "POST", f"/flow_runs/{run_id}/set_state", body, gone_is_fine=True)
    for deployment in await _all(client, "/deployments/filter", chosen):
        limit = deployment.get("global_concurrency_limit")
        if limit and limit["active_slots"] > 0:
            path = f"/v2/concurrency_limits/{limit['name']}"
            await send(client, "PATCH", path, {"active_slots": 0}, gone_is_fine=True)
    return len(unfinished)


async def _runs(
    client: PrefectRequests, chosen: dict[str, Any], states: Sequence[str]
) -> list[str]:
    wanted = {**chosen, "flow_runs": in_states(states)}
    return [run["id"] for run in await _all(client, "/flow_runs/filter", wanted)]


async def _all(client: PrefectRequests, path: str, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = await send(client, "POST", path, {**wanted, "limit": _PAGE, "offset": len(found)})
        found.extend(page)
        if len(page) < _PAGE:
            return found
