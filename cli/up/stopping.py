"""Stops the arena: no restarts, no new cycles, then control and streams, worker, API, Prefect, database.

Every step has its limit (15 s together) and none is skipped because another failed; at the end no
process of this start is left.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from cli.up.database import note_alive
from cli.up.processes import kill, marked
from cli.up.running import Running
from deployments.left_overs import clear_pool
from deployments.pool_requests import count_runs, pause_pool

DRAIN_SECONDS = 3.5
"""How long running cycles may take to end before they are interrupted."""
TIDY_SECONDS = 3.0
_POLL_SECONDS = 0.2


async def stop(running: Running) -> None:
    """Stop everything that runs, in order; safe to call at any moment and after failures."""
    running.registrar.close()
    await running.keepers.let_go()
    # Both finish what they have begun: the streams a look at an account.
    await asyncio.gather(_stop_part(running, "control"), _stop_part(running, "streams"))
    if running.keeper("worker") is not None:
        await _drain(running)
        await _stop_part(running, "worker")
    # Not after a start that was broken off: its clock has not been set going yet.
    if running.database is not None and running.registered is not None:
        assert running.arena is not None  # noqa: S101 - set together
        with suppress(Exception):  # a dead database must not keep the other parts alive
            await asyncio.to_thread(note_alive, running.database, running.arena)
    await asyncio.gather(_stop_part(running, "api"), _leave_prefect_tidy(running))
    await _stop_part(running, "prefect")
    await asyncio.to_thread(lambda: kill(marked(running.run_id)))
    if running.database is not None:
        await asyncio.to_thread(running.database.close)


async def _stop_part(running: Running, name: str) -> None:
    part = running.process(name)
    if part is not None:
        await asyncio.to_thread(part.stop)


async def _drain(running: Running) -> None:
    """Wait a little for cycles in progress; they are what a stop would interrupt."""
    worker = running.process("worker")
    if worker is None or worker.ending() is not None:
        return
    deadline = time.monotonic() + DRAIN_SECONDS
    with suppress(Exception):  # a stop goes on whatever state Prefect is in
        async with asyncio.timeout(DRAIN_SECONDS):
            await pause_pool(running.prefect, running.pool.name, paused=True)
            while time.monotonic() < deadline:
                if not await count_runs(running.prefect, running.pool.name, ("RUNNING",)):
                    return
                await asyncio.sleep(_POLL_SECONDS)


async def _leave_prefect_tidy(running: Running) -> None:
    if running.registered is None:
        return
    with suppress(Exception):  # cosmetic: the next start clears the same things
        async with asyncio.timeout(TIDY_SECONDS):
            await clear_pool(running.prefect, running.pool.name)
