"""Finding and ending the processes of one start, by the mark they carry in their environment.

Every child gets `PERPFLOW_RUN_ID` and `PERPFLOW_PART`, and hands them on to its own children. So a
flow run whose worker was killed is still found, and a stranger that got a recycled pid never is.
The database server carries no mark: it outlives its starter on purpose.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import psutil

RUN_VARIABLE = "PERPFLOW_RUN_ID"
PART_VARIABLE = "PERPFLOW_PART"
STOP_ORDER = ("start", "control", "streams", "worker", "api", "prefect")
GRACE_SECONDS = 3.0


def marked(run_id: str, part: str | None = None) -> list[psutil.Process]:
    """The living processes of a start, or of one part of it; never this process."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            environment = process.environ()
        except (psutil.Error, OSError):
            continue  # ended meanwhile, or belongs to somebody else
        if environment.get(RUN_VARIABLE) == run_id and part in (None, environment[PART_VARIABLE]):
            found.append(process)
    return found


def end_in_order(run_id: str) -> int:
    """End what is left of a start whose `perpflow up` is gone; how many processes there were.

    In the order of a stop, each part asked first: who orders and trades goes before what they need.
    """
    count = 0
    for part in STOP_ORDER:
        found = marked(run_id, part)
        count += len(found)
        end(found, grace_seconds=GRACE_SECONDS)
    rest = marked(run_id)
    kill(rest)
    return count + len(rest)


def end(processes: Iterable[psutil.Process], *, grace_seconds: float) -> None:
    """Ask them to stop, wait, then kill what is left."""
    asked = list(processes)
    _signal(asked, psutil.Process.terminate)
    _, left = psutil.wait_procs(asked, timeout=grace_seconds)
    kill(left)


def kill(processes: Iterable[psutil.Process]) -> None:
    """Kill without asking, and wait for the system to confirm."""
    killed = list(processes)
    _signal(killed, psutil.Process.kill)
    psutil.wait_procs(killed, timeout=3)


def _signal(processes: Iterable[psutil.Process], signal: Callable[[psutil.Process], None]) -> None:
    for process in processes:
        try:
            signal(process)
        except psutil.NoSuchProcess:
            continue
