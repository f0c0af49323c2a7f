"""Stops the arena: no new cycles, running ones may end, then worker, API, Prefect, database.

Every step has its limit (15 s together) and none is skipped because another failed; at the end no
process of this start is left.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import psutil

from cli.up import orchestration, store
from cli.up.parts import Part
from cli.up.processes import kill, marked
from cli.up.running import Running
from deployments.pools import POOLS, WorkPool

DRAIN_SECONDS = 3.5
"""How long running cycles may take to end before they are interrupted."""
TIDY_SECONDS = 3.0


async def stop(running: Running) -> None:
    """Stop everything that runs, in order; safe to call at any moment and after failures."""
    if running.worker is not None:
        await _drain(running)
        await _stop_part(running.worker)
    if running.database is not None and running.arena is not None:
        with suppress(Exception):  # a dead database must not keep the other parts alive
            await asyncio.to_thread(store.note_alive, running.database.engine, running.arena)
    await asyncio.gather(_stop_part(running.api), _leave_prefect_tidy(running))
    await _stop_part(running.prefect)
    await asyncio.to_thread(lambda: kill(marked(running.run_id)))
    if running.database is not None:
        await asyncio.to_thread(running.database.close)


async def _stop_part(part: Part | None) -> None:
    if part is not None:
        await asyncio.to_thread(part.stop)


async def _drain(running: Running) -> None:
    """Wait a little for cycles in progress; they are what a stop would interrupt."""
    deadline = time.monotonic() + DRAIN_SECONDS
    pool = POOLS[running.plan.settings.worker]
    assert running.worker is not None  # noqa: S101 - checked by the caller
    with suppress(Exception):  # a stop goes on whatever state Prefect is in
        async with asyncio.timeout(DRAIN_SECONDS):
            if running.deployment_ids and running.worker.status is None:
                await orchestration.pause_pool(pool, paused=True)
    await asyncio.to_thread(_wait_for_cycles, running.worker.pid, pool, deadline)


def _wait_for_cycles(worker_pid: int, pool: WorkPool, deadline: float) -> None:
    try:
        cycles = psutil.Process(worker_pid).children()
        if pool.forks:
            cycles = [cycle for parent in cycles for cycle in parent.children()]
    except psutil.NoSuchProcess:
        return
    psutil.wait_procs(cycles, timeout=max(0.0, deadline - time.monotonic()))


async def _leave_prefect_tidy(running: Running) -> None:
    if running.prefect is None or not running.deployment_ids:
        return
    with suppress(Exception):  # cosmetic: the next start clears the same things
        async with asyncio.timeout(TIDY_SECONDS):
            await orchestration.mark_unfinished(running.deployment_ids)
