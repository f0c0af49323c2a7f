"""Keeps one part of the arena alive: start, watch, start again after a growing pause.

The pause doubles from failure to failure and begins anew once the part has been well for a while.
A part that has never been ready is given up after a few tries, because then its cause will not go
away by itself; one that has worked is tried for as long as the arena is wanted. Times in seconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NoReturn, Protocol

from cli.exit_codes import ExitCode
from cli.failures import CommandFailed


class NotStarted(Exception):
    """A part could not be started; the message is the cause."""


class PartState(StrEnum):
    """What a part is doing, as `perpflow status` says it."""

    WAITING = "waiting"
    """For a part that it needs."""
    STARTING = "starting"
    RUNNING = "running"
    """It answers, or did a moment ago."""
    RESTARTING = "restarting"
    """It ended and is started again after a pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long and how often."""

    first_pause: float = 1.0
    longest_pause: float = 60.0
    well_after: float = 60.0
    """A life longer than this ends the row of failures."""
    tries: int = 5
    """For a part that has never been ready."""
    start_seconds: float = 180.0
    """From the start to the first answer."""
    hung_seconds: float = 60.0
    """How long a part that lives may not answer."""
    look_every: float = 0.5
    ask_every: float = 5.0

    def pause_after(self, failures: int) -> float:
        """The pause after that many failures in a row (1 or more)."""
        return min(self.longest_pause, self.first_pause * 2.0 ** min(failures - 1, 30))


class Kept(Protocol):
    """Something that is started, watched and ended."""

    name: str
    log: Path

    @property
    def pid(self) -> int | None:
        """Of its first process."""
        ...

    async def start(self) -> None:
        """Raises `NotStarted`."""
        ...

    def ending(self) -> str | None:
        """How it ended, in words; None while it lives."""
        ...

    async def is_well(self) -> bool | None:
        """Whether it answers now, None when that cannot be known.

        Has a time limit of its own and raises nothing.
        """
        ...

    async def clear(self) -> None:
        """End whatever is left of its last life; raises nothing."""
        ...

    async def prepare_again(self) -> None:
        """Right before another start, when what it needs is ready; raises nothing."""
        ...

    def last_lines(self) -> str:
        """The end of its log."""
        ...


class Keeper:
    """One part and its life so far."""

    def __init__(
        self,
        part: Kept,
        *,
        tell: Callable[[str, str], None],
        changed: Callable[[], None],
        patience: Patience,
        needs: tuple[Keeper, ...] = (),
    ) -> None:
        """`tell` gets name and text of each event, `changed` is called after each new state."""
        self.part = part
        self.patience = patience
        self.ready = asyncio.Event()
        self.state = PartState.WAITING
        self.since = time.time()
        """Of the state; seconds since the epoch."""
        self.restarts = 0
        self.last_failure = ""
        self._tell = tell
        self._changed = changed
        self._needs = needs
        self._failures = 0
        self._ready_at: float | None = None
        """Monotonic, of the present life or the last one that got ready."""
        self._failed_at = 0.0
        self._restart_wanted: str | None = None

    async def run(self, *, running: bool = False) -> NoReturn:
        """Keep the part alive until cancelled, which leaves it running.

        `running`: it has been started already. Raises `CommandFailed` when it is given up.
        """
        while True:
            cause = await self._live(running=running)
            running = False
            self._failed_at = time.monotonic()
            if self._ready_at is not None and self.ready.is_set():
                lasted = self._failed_at - self._ready_at
                self._failures = 0 if lasted > self.patience.well_after else self._failures
            self.ready.clear()
            await self._recover(cause)

    def restart(self, cause: str) -> None:
        """Have it ended and started again; `cause` completes the sentence `<name> ...`."""
        self._restart_wanted = cause

    async def _live(self, *, running: bool) -> str:
        """One life; how it ended, in words."""
        self._restart_wanted = None
        if not running:
            await self._wait_for_needs()
            self._enter(PartState.STARTING)
            try:
                await self.part.start()
            except NotStarted as refusal:
                return f"could not be started: {refusal}"
        return await self._watch()

    async def _watch(self) -> str:
        last_well, next_question = time.monotonic(), 0.0
        while True:
            if (cause := self._restart_wanted or self.part.ending()) is not None:
                return cause
            if time.monotonic() >= next_question:
                well = await self.part.is_well()
                if well is not False:
                    last_well = time.monotonic()
                if well:
                    self._note_ready()
                limit = (
                    self.patience.hung_seconds
                    if self.ready.is_set()
                    else self.patience.start_seconds
                )
                if time.monotonic() - last_well > limit:
                    return f"lives but has not answered for {limit:g} s"
                pause = self.patience.ask_every if self.ready.is_set() else 0.0
                next_question = time.monotonic() + pause
            await asyncio.sleep(self.patience.look_every)

    def _note_ready(self) -> None:
        if self.ready.is_set():
            return
        self._ready_at = time.monotonic()
        self.ready.set()
        self._enter(PartState.RUNNING)
        if self.restarts:
            took = self._ready_at - self._failed_at
            self._tell(self.part.name, f"is back after {took:.1f} s as process {self.part.pid}")

    async def _recover(self, cause: str) -> None:
        """Say what happened, clear up and wait. Raises `CommandFailed` when there is no hope."""
        self._failures += 1
        self.last_failure = cause
        name, log = self.part.name, self.part.log
        if self._ready_at is None and self._failures >= self.patience.tries:
            raise CommandFailed(
                ExitCode.FAILED,
                f"{name} {cause}; it has never been ready in {self._failures} tries, the end of "
                f"{log}:\n{self.part.last_lines()}",
            )
        pause = self.patience.pause_after(self._failures)
        self._tell(name, f"{cause}; try {self._failures + 1} in {pause:g} s; its log is {log}")
        self.restarts += 1
        self._enter(PartState.RESTARTING)
        await self.part.clear()
        await asyncio.sleep(pause)
        await self._wait_for_needs()
        await self.part.prepare_again()

    async def _wait_for_needs(self) -> None:
        while missing := [each for each in self._needs if not each.ready.is_set()]:
            self._enter(PartState.WAITING)
            await missing[0].ready.wait()

    def _enter(self, state: PartState) -> None:
        if state is not self.state:
            self.state, self.since = state, time.time()
        self._changed()
