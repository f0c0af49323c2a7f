"""What became of the runs: waits for them, and reads their lags from Prefect and from our store.

The store says when a cycle began, decided and ended; Prefect says when the flow run started. All
lags are seconds after the scheduled instant.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterId,
)
from prefect.client.schemas.objects import FlowRun
from sqlalchemy import Engine, text

from bench.runtime.figures import RunFigures

_PAGE = 200
_ENDED = text(
    "select count(*) from app.cycles where flow_run_id = any(:ids) and status <> 'running'"
)
_CYCLES = text("""
    select c.flow_run_id, c.account_id, c.status, c.real_started_at, c.real_finished_at,
           (select max(d.real_at) from app.diary d where d.cycle_id = c.id and d.kind = 'decision')
               as decided_at
    from app.cycles c where c.flow_run_id = any(:ids)
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A planned flow run."""

    run_id: UUID
    account_id: str
    at: datetime
    """Real instant for which it is scheduled."""


async def planned_runs(
    client: PrefectClient, deployment_ids: dict[str, UUID], at: datetime, *, until: datetime
) -> list[Due]:
    """The runs that Prefect's scheduler planned for an instant, one per deployment.

    Raises `RuntimeError` when they are not all planned at `until`.
    """
    account_of = {deployment: account for account, deployment in deployment_ids.items()}
    found: list[Due] = []
    runs: list[FlowRun] = []
    while datetime.now(UTC) < until:
        runs = await _runs(
            client,
            FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=list(account_of))),
        )
        found = [
            Due(run_id=run.id, account_id=account_of[run.deployment_id], at=at)
            for run in runs
            if run.deployment_id in account_of
            and run.expected_start_time is not None
            and abs(run.expected_start_time.timestamp() - at.timestamp()) < 1.0
        ]
        if len(found) == len(deployment_ids):
            return found
        await asyncio.sleep(1.0)
    raise RuntimeError(
        f"only {len(found)} of {len(deployment_ids)} runs were planned for {at:%H:%M:%S} in time"
        f" ({len(runs)} planned at all); raise --lead"
    )


async def wait_for_runs(
    client: PrefectClient, engine: Engine, due: Sequence[Due], *, seconds: float
) -> bool:
    """Until every run has ended; False when the time was up before.

    Our own table is asked mostly, since questions to Prefect's server are work that it is being
    measured by.
    """
    deadline = time.monotonic() + seconds
    ids = [str(run.run_id) for run in due]
    asked = time.monotonic()
    while time.monotonic() < deadline:
        with engine.connect() as conn:
            ended = conn.execute(_ENDED, {"ids": ids}).scalar_one()
        if ended == len(due) or time.monotonic() - asked > 15:
            states = await _states(client, due)
            asked = time.monotonic()
            if all(run.state is not None and run.state.is_final() for run in states):
                return True
        await asyncio.sleep(0.5)
    return False


async def read_figures(
    client: PrefectClient, engine: Engine, due: Sequence[Due]
) -> list[RunFigures]:
    """One line per run, with or without a cycle."""
    with engine.connect() as conn:
        rows = conn.execute(_CYCLES, {"ids": [str(run.run_id) for run in due]}).mappings()
        cycles = {row["flow_run_id"]: dict(row) for row in rows}
    states = {run.id: run for run in await _states(client, due)}
    return [_figures(run, states.get(run.run_id), cycles.get(str(run.run_id))) for run in due]


def _figures(due: Due, run: FlowRun | None, cycle: dict[str, Any] | None) -> RunFigures:
    known = cycle or {}
    return RunFigures(
        account_id=due.account_id,
        prefect_state="gone" if run is None or run.state is None else run.state.type.value.lower(),
        outcome=known.get("status", "none"),
        start_lag=None if run is None else _lag(due, run.start_time),
        task_lag=_lag(due, known.get("real_started_at")),
        decision_lag=_lag(due, known.get("decided_at")),
        end_lag=_lag(due, known.get("real_finished_at")),
    )


def _lag(due: Due, at: datetime | None) -> float | None:
    # By timestamps: Prefect's instants are of another class, which subtracts otherwise.
    return None if at is None else at.timestamp() - due.at.timestamp()


async def _states(client: PrefectClient, due: Sequence[Due]) -> list[FlowRun]:
    return await _runs(client, FlowRunFilter(id=FlowRunFilterId(any_=[run.run_id for run in due])))


async def _runs(client: PrefectClient, wanted: FlowRunFilter) -> list[FlowRun]:
    found: list[FlowRun] = []
    while True:
        page = await client.read_flow_runs(flow_run_filter=wanted, limit=_PAGE, offset=len(found))
        found.extend(page)
        if len(page) < _PAGE:
            return found
