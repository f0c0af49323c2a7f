"""Warm children: processes forked from a preloaded parent, each executing one flow run at a time.

Python's own fork server keeps the parent: single-threaded, everything imported. A child costs a
fork, and serves many runs, so that a run pays for no interpreter, no imports and no connections. A
crash, a kill or a full memory takes the run in that child only. Children are replaced after a
number of runs, when they have grown, and after every run that did not end by itself.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import multiprocessing.util
import os
import tempfile
import time
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any

from deployments.warm.job import Ended, Job

RUNS_PER_CHILD = 200
LARGEST_BYTES = 400 * 1024**2
"""Resident; a fresh child has some 150 MB, most of them shared."""
IDLE_SECONDS = 120.0
"""A child that nobody needed for this long ends."""
KEPT_CHILDREN = 2
"""Idle children that stay however long it takes."""

_LONGEST_FOLDER = 50
"""Bytes: a socket's path is its folder and some forty more."""
_SHORT_FOLDER = "/tmp"  # noqa: S108 - the folder made in it is private

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["deployments.warm.preload"])


class Child:
    """One process and the pipe to it."""

    def __init__(self) -> None:
        """Forks at once."""
        from deployments.warm.child import serve

        ours, theirs = _CONTEXT.Pipe()
        self._jobs: Connection = ours
        self._process: ForkServerProcess = _CONTEXT.Process(
            target=serve, args=(theirs,), name="flow-runs", daemon=True
        )
        self._process.start()
        theirs.close()
        self.place: Any = None
        """None: it has not worked yet, and takes any job."""
        self.runs = 0
        self.idle_since = time.monotonic()
        self.is_spent = False
        """True: no further run may be given to it."""

    @property
    def pid(self) -> int:
        assert self._process.pid is not None  # noqa: S101 - started in the constructor
        return self._process.pid

    async def execute(self, job: Job) -> int:
        """Run a job to its end; its exit status, negative for a process that a signal ended."""
        self.place = job.place
        self.runs += 1
        ended: Ended | None = None
        try:
            self._jobs.send(job)
            ended = await self._answer()
        except (EOFError, OSError):
            self.is_spent = True
        self.idle_since = time.monotonic()
        if ended is None:
            await self._wait()
            return self._process.exitcode or 0
        grown = ended.resident_bytes > LARGEST_BYTES
        if grown or ended.exit_code is not None or self.runs >= RUNS_PER_CHILD:
            self.is_spent = True
        return ended.exit_code or 0

    def close(self) -> None:
        """Let it end: it sends what it still has to send first."""
        self.is_spent = True
        self._jobs.close()

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    async def _answer(self) -> Ended:
        await _readable(self._jobs.fileno())
        return self._jobs.recv()

    async def _wait(self) -> None:
        await _readable(self._process.sentinel)
        self._process.join()


class Children:
    """The children of a worker; not thread-safe, as the bookkeeping of `multiprocessing` is not."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._idle: list[Child] = []
        self._busy: set[Child] = set()

    def take(self, job: Job) -> Child:
        """A child for a job: the one that rested least, or a new one."""
        for child in reversed(self._idle):
            if child.place in (None, job.place) and child.is_alive:
                self._idle.remove(child)
                break
        else:
            self._make_room()
            child = Child()
        self._busy.add(child)
        return child

    def prepare(self, jobs: int) -> None:
        """Have children ready for so many jobs that come soon."""
        for _ in range(min(jobs, self._most) - len(self._idle) - len(self._busy)):
            self._idle.append(Child())

    def give_back(self, child: Child) -> None:
        """Keep it for the next run, unless it is spent."""
        self._busy.discard(child)
        if child.is_spent:
            child.close()
        else:
            self._idle.append(child)
        self._retire_idle()

    def close(self) -> None:
        """No further runs."""
        for child in [*self._idle, *self._busy]:
            child.close()

    def _make_room(self) -> None:
        """An idle child of another place, or a dead one, goes first."""
        if self._idle and len(self._idle) + len(self._busy) >= self._most:
            self._idle.pop(0).close()

    def _retire_idle(self) -> None:
        now = time.monotonic()
        while len(self._idle) > KEPT_CHILDREN and now - self._idle[0].idle_since > IDLE_SECONDS:
            self._idle.pop(0).close()


def warm_up() -> None:
    """Start the fork server and wait until it has imported everything."""
    _choose_short_folder()
    first = _CONTEXT.Process(target=_nothing, daemon=True)
    first.start()
    first.join()


def _choose_short_folder() -> None:
    """The fork server's socket lies in the folder for temporary files; its path may have 100 bytes."""
    configured = tempfile.tempdir
    if len(os.fsencode(tempfile.gettempdir())) > _LONGEST_FOLDER:
        tempfile.tempdir = _SHORT_FOLDER
    try:
        multiprocessing.util.get_temp_dir()  # made once, private, and kept for this process
    finally:
        tempfile.tempdir = configured


def _nothing() -> None:
    """What the first child does: it is over when the parent is warm."""


async def _readable(descriptor: int) -> None:
    """Wait for a descriptor without a thread."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
