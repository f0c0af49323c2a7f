"""Prefect's deployments over its REST API, as raw documents.

Asked every two seconds, so it is cheap: one request of 148 kB for 100 accounts costs the server
75 ms of CPU and us 3 ms; Prefect's own client needs a second to parse the same answer. Raises
`httpx.HTTPError` when the server is away or refuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from deployments.schedule import RealSchedule

FLOW = "trade-account"
_PAGE = 200  # the server's largest page
_TIMEOUT_SECONDS = 10.0
_SAME_INSTANT = timedelta(milliseconds=1)
"""Prefect keeps microseconds, and floats of seconds on the way there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDeployment:
    """One deployment as Prefect has it."""

    id: str
    account_id: str
    version: str | None
    is_on: bool
    """Its switch: a schedule is active, and the deployment is not paused as a whole."""
    is_paused: bool
    """The deployment's own flag, which Prefect's page does not show."""
    schedule: RealSchedule | None
    schedule_ids: Sequence[str]

    def has(self, schedule: RealSchedule | None) -> bool:
        """Whether its runs are planned by this schedule."""
        if self.schedule is None or schedule is None:
            return self.schedule is schedule
        apart = abs(self.schedule.anchor - schedule.anchor)
        return self.schedule.interval == schedule.interval and apart < _SAME_INSTANT


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRun:
    """A run that the scheduler planned and nothing has begun yet."""

    id: str
    deployment_id: str
    due_at: datetime


class PrefectRest:
    """A client of one Prefect server."""

    def __init__(self, api_url: str, *, flow: str = FLOW) -> None:
        self._flow = flow
        self._client = httpx.AsyncClient(
            base_url=api_url, timeout=_TIMEOUT_SECONDS, trust_env=False
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def deployments(self) -> dict[str, KnownDeployment]:
        """All deployments of the flow, by account id."""
        found: dict[str, KnownDeployment] = {}
        while True:
            body = {
                "flows": {"name": {"any_": [self._flow]}},
                "sort": "NAME_ASC",
                "limit": _PAGE,
                "offset": len(found),
            }
            answer = await self._client.post("/deployments/filter", json=body)
            page = answer.raise_for_status().json()
            found |= {item["name"]: _known(item) for item in page}
            if len(page) < _PAGE:
                return found

    async def switch(self, known: KnownDeployment, *, is_on: bool) -> None:
        """Plan runs, or plan none: planned ones that have not begun are deleted by the server."""
        for schedule_id in known.schedule_ids:
            path = f"/deployments/{known.id}/schedules/{schedule_id}"
            (await self._client.patch(path, json={"active": is_on})).raise_for_status()
        if is_on and known.is_paused:
            path = f"/deployments/{known.id}/resume_deployment"
            (await self._client.post(path)).raise_for_status()

    async def delete(self, known: KnownDeployment) -> None:
        """Take the deployment away, with its planned runs; one that is gone is what was wanted."""
        answer = await self._client.delete(f"/deployments/{known.id}")
        if answer.status_code != httpx.codes.NOT_FOUND:
            answer.raise_for_status()

    async def waiting_runs(self, *, before: datetime) -> list[WaitingRun]:
        """Planned runs of the flow that were due before an instant, oldest first; a page at most."""
        body = {
            "flows": {"name": {"any_": [self._flow]}},
            "flow_runs": {
                "state": {"type": {"any_": ["SCHEDULED"]}},
                "expected_start_time": {"before_": before.isoformat()},
            },
            "sort": "EXPECTED_START_TIME_ASC",
            "limit": _PAGE,
        }
        answer = await self._client.post("/flow_runs/filter", json=body)
        return [
            WaitingRun(
                id=run["id"],
                deployment_id=run["deployment_id"],
                due_at=datetime.fromisoformat(run["expected_start_time"]),
            )
            for run in answer.raise_for_status().json()
            if run["auto_scheduled"] and run["deployment_id"]
        ]

    async def give_up_run(self, run: WaitingRun, message: str) -> None:
        """End a planned run as *Missed*; one that has begun meanwhile decides for itself."""
        state = {"type": "CANCELLED", "name": "Missed", "message": message}
        answer = await self._client.post(f"/flow_runs/{run.id}/set_state", json={"state": state})
        if answer.status_code != httpx.codes.NOT_FOUND:
            answer.raise_for_status()


def _known(item: Mapping[str, Any]) -> KnownDeployment:
    schedules = item["schedules"]
    return KnownDeployment(
        id=item["id"],
        account_id=item["name"],
        version=item["version"],
        is_on=not item["paused"] and any(each["active"] for each in schedules),
        is_paused=item["paused"],
        schedule=_schedule(schedules[0]["schedule"]) if schedules else None,
        schedule_ids=[each["id"] for each in schedules],
    )


def _schedule(document: Mapping[str, Any]) -> RealSchedule | None:
    """None for a cron or another schedule that is not ours: it will be replaced."""
    if "interval" not in document:
        return None
    return RealSchedule(
        interval=timedelta(seconds=document["interval"]),
        anchor=datetime.fromisoformat(document["anchor_date"]),
    )
