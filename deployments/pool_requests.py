"""Plain requests about a work pool, for the supervising process, which does not import Prefect.

`PrefectRequests` is met by `httpx.AsyncClient` with the API's address as its base and by Prefect's
own client. All functions raise `httpx.HTTPError` when Prefect does not do it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import httpx


class PrefectRequests(Protocol):
    """Whatever sends a request to Prefect's API."""

    async def request(self, method: Any, path: Any, /, **options: Any) -> httpx.Response:
        """Send one request; the path begins below `/api`."""
        ...


async def send(
    client: PrefectRequests, method: str, path: str, body: Any = None, *, gone_is_fine: bool = False
) -> Any:
    """The answer's JSON, None without any. A row that is gone may be no failure."""
    try:
        answer = await client.request(method, path, json=body)
        answer.raise_for_status()
    except httpx.HTTPStatusError as refusal:
        # The server's own services may have removed the row since it was listed.
        if gone_is_fine and refusal.response.status_code == httpx.codes.NOT_FOUND:
            return None
        raise
    return answer.json() if answer.content else None


async def pause_pool(client: PrefectRequests, pool: str, *, paused: bool) -> None:
    """While paused, workers get no runs; those that have begun go on."""
    await send(client, "PATCH", f"/work_pools/{pool}", {"is_paused": paused})


async def count_runs(client: PrefectRequests, pool: str, states: Sequence[str]) -> int:
    """How many runs of a pool are in one of the states (types, in capitals)."""
    return await send(
        client,
        "POST",
        "/flow_runs/count",
        {**in_pool(pool), "flow_runs": in_states(states)},
    )


async def last_heartbeat(client: PrefectRequests, pool: str, worker: str) -> datetime | None:
    """Real time (UTC) of a worker's last sign of life; None when it has never given one.

    A worker tells every 30 s that it is there. One that lives but has stopped asking for runs
    (stopped, deadlocked, out of descriptors) is found by nothing else.
    """
    path = f"/work_pools/{pool}/workers/filter"
    for found in await send(client, "POST", path, {}, gone_is_fine=True) or ():
        if found["name"] == worker and found["last_heartbeat_time"]:
            return datetime.fromisoformat(found["last_heartbeat_time"])
    return None


def in_pool(pool: str) -> dict[str, Any]:
    """The filter for everything that belongs to a pool."""
    return {"work_pools": {"name": {"any_": [pool]}}}


def in_states(states: Sequence[str]) -> dict[str, Any]:
    """The filter for runs in one of the states."""
    return {"state": {"type": {"any_": list(states)}}}
