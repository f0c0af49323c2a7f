"""What the supervising process does while the arena runs: it notes that time passes, and tidies up.

The keepers look after the parts. This loop writes down the market time that was reached, says when
the database is away, rotates the logs, and ends the schedules when recorded data has come to its
end.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from adapters.store.errors import StoreError
from cli.failures import CommandFailed
from cli.up.clock import has_ended
from cli.up.database import note_alive
from cli.up.logs import log_files, rotate_if_full
from cli.up.registrar_child import RegistrarChild
from cli.up.running import Running

WATCH_SECONDS = 2.0
ROTATE_SECONDS = 10.0
_AWAY_SECONDS = 10.0
_AGAIN_SECONDS = 60.0


async def watch(running: Running) -> None:
    """Until cancelled. Raises `CommandFailed` when a part is given up."""
    rounds = asyncio.create_task(_go_round(running))
    failure = asyncio.create_task(running.keepers.until_failure())
    try:
        done, _ = await asyncio.wait({rounds, failure}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        rounds.cancel()
        failure.cancel()


async def _go_round(running: Running) -> None:
    pulse = _Pulse(running)
    end = _End(running)
    rotated = time.monotonic()
    while True:
        await pulse.beat()
        await end.look()
        if time.monotonic() - rotated > ROTATE_SECONDS:
            rotated = time.monotonic()
            await asyncio.to_thread(_rotate, running)
        await asyncio.sleep(WATCH_SECONDS)


class _Pulse:
    """Market time goes into the database; its absence is said once, and its return."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._away_since: float | None = None
        self._is_told = False

    async def beat(self) -> None:
        running = self._running
        assert running.database is not None and running.arena is not None  # noqa: S101, PT018 - started
        try:
            await asyncio.to_thread(note_alive, running.database, running.arena)
        except (SQLAlchemyError, StoreError) as error:
            self._note_absence(error)
            return
        if self._is_told and self._away_since is not None:
            away = time.monotonic() - self._away_since
            running.progress.note("database", f"answers again after {away:.0f} s")
        self._away_since, self._is_told = None, False

    def _note_absence(self, error: Exception) -> None:
        now = time.monotonic()
        self._away_since = self._away_since or now
        if not self._is_told and now - self._away_since > _AWAY_SECONDS:
            self._is_told = True
            text = str(getattr(error, "orig", None) or error).strip().splitlines()
            self._running.progress.note(
                "database",
                f"cannot be written ({text[0] if text else type(error).__name__}); no cycle can "
                "trade until it can, orders at the venue stay; trying on",
            )


class _End:
    """Recorded data ends once; Prefect may be away at that moment."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._is_done = False
        self._next_try = 0.0

    async def look(self) -> None:
        running, now = self._running, time.monotonic()
        assert running.arena is not None  # noqa: S101 - started
        if (
            self._is_done
            or now < self._next_try
            or not has_ended(running.arena, real=datetime.now(UTC))
        ):
            return
        self._next_try = now + _AGAIN_SECONDS
        try:
            await asyncio.to_thread(_end_schedules, running)
        except CommandFailed as failure:
            running.progress.note("market", f"the schedules could not be ended: {failure}")
            return
        self._is_done = True
        running.progress.note("market", "the recorded data has come to its end; time stands")


def _end_schedules(running: Running) -> None:
    # Prefect is imported by a child that ends again: see `registrar`.
    child = RegistrarChild(running.place, run_id=running.run_id)
    try:
        child.ask("end_schedules")
    finally:
        child.close()


def _rotate(running: Running) -> None:
    for log in log_files(running.place.home).values():
        try:
            rotate_if_full(log)
        except OSError as error:
            running.progress.note("logs", f"{log} could not be rotated: {error.strerror or error}")
