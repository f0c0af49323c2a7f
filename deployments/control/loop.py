"""The control loop: commands every second, Prefect every two, slots and silence every five.

Each job goes on by itself: Prefect's absence does not keep a position from being closed. A job that
fails is tried again with growing pauses, and its failure is told once. Only one loop works on a
database; another one waits until it may.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module

from sqlalchemy import Connection, Engine

from adapters.store.arena import load_arena
from adapters.store.commands import CommandKind, pending_commands
from adapters.store.control_lock import take_control
from deployments.control.mirror import Mirror
from deployments.control.slots import SlotKeeper
from deployments.control.watchdog import watch_cycles

log = logging.getLogger("perpflow.control")
_FLATTENS = "deployments.control.flattens"
COMMAND_SECONDS = 1.0
MIRROR_SECONDS = 2.0
"""With the pass itself well under the five seconds in which both switches have to agree."""
WATCH_SECONDS = 5.0
PRELOAD_SECONDS = 20.0
"""After which the steps of a flatten are loaded, when the start of the arena is over: they bring
Prefect's library, some 3 s of CPU and 100 MB, which an emergency should not have to wait for."""
LONGEST_PAUSE_SECONDS = 4.0
"""Between two tries; short, so that a switch follows soon after Prefect is back."""


class ControlLoop:
    """Everything that goes on beside the cycles, for one database."""

    def __init__(self, engine: Engine, mirror: Mirror) -> None:
        self._engine = engine
        self._mirror = mirror
        self._slots = SlotKeeper()
        self._lock: Connection | None = None
        self._said_waiting = False
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Begin nothing new; `run` returns when what has begun has ended."""
        self._stopping.set()

    async def run(self) -> None:
        """Until `stop` is called."""
        try:
            await asyncio.gather(
                self._repeat("carrying out commands", COMMAND_SECONDS, self._carry_out),
                self._repeat("keeping Prefect in step", MIRROR_SECONDS, self._keep_in_step),
                self._repeat("watching the cycles", WATCH_SECONDS, self._watch),
                self._preload(),
            )
        finally:
            if self._lock is not None:
                await asyncio.to_thread(self._lock.close)

    async def _repeat(self, what: str, period: float, job: Callable[[], Awaitable[None]]) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                await job()
            except Exception as error:  # noqa: BLE001 - the loop outlives whatever is away
                if failures == 0:
                    log.warning("%s fails and is tried again: %s", what, _in_one_line(error))
                failures += 1
            else:
                if failures:
                    log.info("%s works again", what)
                failures = 0
            pause = period if not failures else min(period * 2**failures, LONGEST_PAUSE_SECONDS)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _carry_out(self) -> None:
        if not await asyncio.to_thread(self._lead):
            return
        if await asyncio.to_thread(self._has_flattens):
            # In a thread of its own, which keeps the other jobs going.
            await asyncio.to_thread(self._flatten)

    async def _preload(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), PRELOAD_SECONDS)
        if not self._stopping.is_set():
            await asyncio.to_thread(import_module, _FLATTENS)

    def _lead(self) -> bool:
        """Whether this is the one loop; finds out whether it still is."""
        try:
            if self._lock is None:
                self._try_to_lead()
            else:
                self._lock.exec_driver_sql("select 1")
        except Exception:
            if self._lock is not None:
                self._lock.invalidate()
                self._lock.close()
                self._lock = None
            raise
        return self._lock is not None

    def _try_to_lead(self) -> None:
        conn = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if take_control(conn):
            self._lock = conn
            self._said_waiting = False
            log.info("the control loop works")
            return
        conn.close()
        if not self._said_waiting:
            log.info("another control loop works on this database; waiting")
            self._said_waiting = True

    def _has_flattens(self) -> bool:
        with self._engine.connect() as conn:
            return any(one.kind is CommandKind.FLATTEN for one in pending_commands(conn))

    def _flatten(self) -> None:
        flattens = import_module(_FLATTENS)
        asyncio.run(flattens.try_flattens(has_to_stop=self._stopping.is_set))

    async def _keep_in_step(self) -> None:
        if self._lock is not None:
            await self._mirror.run()

    async def _watch(self) -> None:
        if self._lock is not None:
            await asyncio.to_thread(self._watch_once)

    def _watch_once(self) -> None:
        now = datetime.now(UTC)
        try:
            with self._engine.begin() as conn:
                arena = load_arena(conn)
                if arena is None or not (arena.is_alive(now) or arena.has_ended(now)):
                    return
                missed = self._slots.record(conn, arena, now)
                findings = watch_cycles(conn, arena, now)
        except Exception:
            self._slots.forget()
            raise
        for account_id, slot in missed:
            log.warning("%s missed slot %s UTC", account_id, f"{slot:%Y-%m-%d %H:%M}")
        for finding in findings:
            log.warning("%s", finding.sentence)


def _in_one_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"
