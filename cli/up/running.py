"""Starts the parts of the arena in the order that is quickest.

Prefect's server takes longest, so it starts first and everything else meanwhile. What runs is noted
as soon as it does, so that `stopping` finds it at any moment.
"""

from __future__ import annotations

import asyncio
import sys
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import psutil

from adapters.store.arena import Arena
from cli.up import orchestration, store
from cli.up.clock import at_next_slot
from cli.up.environments import for_api, for_prefect_server, for_worker, with_home
from cli.up.parts import Part, PartCommand
from cli.up.plan import UpPlan
from cli.up.progress import Progress
from cli.up.record import RunRecord, save_record
from deployments.pools import POOLS
from deployments.schedule import prefetch_seconds, schedule_for
from trading.account import Account
from trading.timeframes import Timeframe

_PREFECT_STOP_SECONDS = 3.0


@dataclass(slots=True)
class Running:
    """What runs so far; filled while starting, so that stopping works at any moment."""

    plan: UpPlan
    progress: Progress
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    prefect: Part | None = None
    api: Part | None = None
    worker: Part | None = None
    database: store.Database | None = None
    arena: Arena | None = None
    accounts: tuple[Account, ...] = ()
    operator_token: str | None = None
    """Only right after it was made; in clear nowhere else."""
    deployment_ids: dict[str, UUID] = field(default_factory=dict)

    @property
    def parts(self) -> tuple[Part, ...]:
        return tuple(part for part in (self.worker, self.api, self.prefect) if part is not None)


async def start(running: Running) -> None:
    """Start everything; returns when the first cycle is planned. Raises `CommandFailed`."""
    plan, progress = running.plan, running.progress
    _record(running)
    began = time.monotonic()
    running.prefect = _start_part(running, _prefect_command(plan))
    await _start_store(running)
    await _start_api(running)
    with progress.waiting("Prefect", "starts; it needs 10 to 30 s and makes its tables at first"):
        orchestration.use_environment(plan, with_home(plan.environ, plan))
        health = f"{plan.prefect.api_url}/health"
        await asyncio.gather(
            orchestration.wait_until_healthy(running.prefect, health), orchestration.preload()
        )
    progress.ready("Prefect", f"{plan.prefect.ui_url}, {_seconds(began)}")
    await _start_cycles(running)


async def _start_store(running: Running) -> None:
    plan, progress = running.plan, running.progress
    began = time.monotonic()
    opening = asyncio.ensure_future(asyncio.to_thread(store.open_database, plan))
    try:
        running.database = await asyncio.shield(opening)
    except asyncio.CancelledError:
        # The thread cannot be interrupted: wait, so that `stop` finds what it started.
        with suppress(Exception):
            running.database = await opening
        raise
    progress.ready("database", f"{running.database.label}, {_seconds(began)}")
    running.arena, running.accounts = await asyncio.to_thread(
        store.prepare_arena, running.database.engine, plan, real=datetime.now(UTC)
    )


async def _start_api(running: Running) -> None:
    plan = running.plan
    began = time.monotonic()
    assert running.database is not None  # noqa: S101 - set by _start_store
    # Before the API, which refuses to listen beyond this machine while there is no token.
    running.operator_token = await asyncio.to_thread(
        store.operator_token, running.database.engine, new=plan.new_link
    )
    running.api = _start_part(
        running,
        PartCommand(
            name="api",
            arguments=[sys.executable, "-m", "api"],
            environment=for_api(plan, running.database.url),
            grace_seconds=3.0,
        ),
    )
    await orchestration.wait_until_healthy(running.api, f"{plan.local_url}/health", seconds=60)
    running.progress.ready("API", f"{plan.url}, {_seconds(began)}")


async def _start_cycles(running: Running) -> None:
    plan = running.plan
    began = time.monotonic()
    database, arena = running.database, running.arena
    assert database is not None and arena is not None  # noqa: S101, PT018 - set by _start_store
    shortest = min((a.interval for a in running.accounts), key=lambda each: each.seconds)
    if plan.once:
        arena = at_next_slot(arena, shortest)
    await orchestration.ensure_pool(POOLS[plan.settings.worker])
    running.worker = _start_part(running, _worker_command(running, arena, shortest))
    real = datetime.now(UTC)
    running.arena = await asyncio.to_thread(store.anchor_arena, database.engine, arena, real=real)
    running.deployment_ids = await orchestration.register(
        plan, running.accounts, running.arena.clock
    )
    running.progress.ready("flows", f"{_planned(running, shortest)}, {_seconds(began)}")


def _start_part(running: Running, command: PartCommand) -> Part:
    plan = running.plan
    return Part(command, run_id=running.run_id, folder=plan.work, logs=plan.logs)


def _prefect_command(plan: UpPlan) -> PartCommand:
    return PartCommand(
        name="prefect",
        arguments=[sys.executable, "-m", "prefect", "server", "start"],
        environment=for_prefect_server(plan),
        grace_seconds=_PREFECT_STOP_SECONDS,
    )


def _worker_command(running: Running, arena: Arena, shortest: Timeframe) -> PartCommand:
    assert running.database is not None  # noqa: S101 - set by _start_store
    pool = POOLS[running.plan.settings.worker]
    prefetch = prefetch_seconds(arena.clock.real_length(shortest.length))
    options = {
        "--pool": pool.name,
        "--type": pool.worker_type,
        "--name": "perpflow",
        "--limit": str(pool.runs_at_once),
        "--prefetch-seconds": str(prefetch),
        "--install-policy": "never",
    }
    return PartCommand(
        name="worker",
        arguments=[
            *(sys.executable, "-m", "prefect", "worker", "start"),
            *(word for option in options.items() for word in option),
        ],
        environment=for_worker(running.plan, running.database.url),
        grace_seconds=3.0,
    )


def _record(running: Running) -> None:
    plan = running.plan
    me = psutil.Process()
    save_record(
        plan.home,
        RunRecord(
            run_id=running.run_id,
            pid=me.pid,
            create_time=me.create_time(),
            url=plan.url,
            prefect_url=plan.prefect.ui_url,
        ),
    )


def _planned(running: Running, shortest: Timeframe) -> str:
    count = len(running.deployment_ids)
    assert running.arena is not None  # noqa: S101 - set by _start_store
    if running.plan.once:
        return f"{count} deployments, one cycle each"
    schedule = schedule_for(running.arena.clock, shortest)
    wait = max(0.0, (schedule.anchor - datetime.now(UTC)).total_seconds())
    every = schedule.interval.total_seconds()
    return f"{count} deployments, first cycle in {wait:.0f} s, then every {every:g} s"


def _seconds(began: float) -> str:
    return f"{time.monotonic() - began:.1f} s"
