"""A part that is a child process: API, Prefect's server, worker, control loop.

What a dead part left running is ended before anything else, so that no cycle of an old worker goes
on beside one of the new. (Two of the same slot could not both trade in any case: the slot row and
the lease in the database see to that.)
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from cli.up.keeper import NotStarted
from cli.up.logs import last_lines
from cli.up.parts import Part, PartCommand, describe_exit
from cli.up.processes import kill, marked
from deployments.pool_requests import last_heartbeat

ASK_SECONDS = 10.0
ASK_WHILE_STARTING_SECONDS = 2.0
PULSE_SECONDS = 90.0
"""A worker tells every 30 s that it is there; Prefect calls it offline after three omissions."""
_LOG_LINES = 15


Check = Callable[["KeptProcess"], Awaitable[bool | None]]
"""Whether a part answers, see `Kept.is_well`."""


@dataclass(slots=True, kw_only=True)
class KeptProcess:
    """One part; each life is a new `Part` from a new command."""

    name: str
    command: Callable[[], PartCommand]
    """Made anew for each start, since the database's address may have changed."""
    run_id: str
    folder: Path
    logs: Path
    check: Check
    before_restart: Callable[[], Awaitable[None]] | None = None
    life: Part | None = None
    started_at: float = field(default=0.0)
    """Monotonic, of the present life."""
    has_answered: bool = False
    """In the present life."""

    @property
    def log(self) -> Path:
        return self.logs / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        return None if self.life is None else self.life.pid

    @property
    def age(self) -> float:
        """Seconds since its start."""
        return time.monotonic() - self.started_at

    async def start(self) -> None:
        """Start another life. Raises `NotStarted`."""
        self.has_answered = False
        try:
            self.life = Part(self.command(), run_id=self.run_id, folder=self.folder, logs=self.logs)
        except OSError as error:
            raise NotStarted(str(error)) from error
        self.started_at = time.monotonic()

    def ending(self) -> str | None:
        status = None if self.life is None else self.life.status
        return None if status is None else describe_exit(status)

    async def is_well(self) -> bool | None:
        well = await self.check(self)
        self.has_answered = self.has_answered or bool(well)
        return well

    async def clear(self) -> None:
        """End the process and everything that it started."""
        await asyncio.to_thread(self._clear)

    async def prepare_again(self) -> None:
        if self.before_restart is not None:
            await self.before_restart()

    def last_lines(self) -> str:
        return "\n".join(last_lines(self.log, _LOG_LINES))

    def stop(self) -> None:
        """Ask it to stop, then end it and everything that it started."""
        if self.life is not None:
            self.life.stop()

    def _clear(self) -> None:
        if self.life is not None:
            self.life.kill()
        kill(marked(self.run_id, self.name))


def answers_at(client: httpx.AsyncClient, url: str) -> Check:
    """Well when it answers 200 at the address."""

    async def check(part: KeptProcess) -> bool:
        patience = ASK_SECONDS if part.has_answered else ASK_WHILE_STARTING_SECONDS
        try:
            return (await client.get(url, timeout=patience)).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    return check


def has_pulse(client: httpx.AsyncClient, pool: str, worker: str) -> Check:
    """Well when the worker has told Prefect in this life, and lately, that it is there."""

    async def check(part: KeptProcess) -> bool | None:
        try:
            heard = await last_heartbeat(client, pool, worker)
        except httpx.HTTPError:
            return None  # the server's fault, not the worker's
        if heard is None:
            return False
        silence = (datetime.now(UTC) - heard).total_seconds()
        return silence < min(part.age, PULSE_SECONDS)

    return check


def lives_on(seconds: float) -> Check:
    """Well when it has not ended so many seconds after its start: for parts without an address."""

    async def check(part: KeptProcess) -> bool:
        return part.age >= seconds

    return check
