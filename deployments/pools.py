"""The two ways in which `perpflow up` starts flow runs, and what each can follow.

Both take the same deployments. Figures: two cores, five accounts due at once (see the constants).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPool:
    """A Prefect work pool and its worker."""

    name: str
    worker_type: str
    shortest_interval: timedelta
    """Real time; an account may not be due more often."""
    forks: bool
    """True: runs are grandchildren of the worker, through its warm parent."""
    runs_at_once: int


PROCESS = WorkPool(
    name="perpflow",
    worker_type="process",
    # A cold process needs some six CPU-seconds for each run, and a run later than half its interval
    # is skipped. The last of five starts 13 to 21 s late: at one cycle every 30 s a third of the
    # slots was skipped, at 10 s all of them.
    shortest_interval=timedelta(seconds=60),
    forks=False,
    # One more than there are cores, since a cycle also waits; each has 200 MB of its own.
    runs_at_once=max(2, min(4, (os.cpu_count() or 1) + 1)),
)

WARM = WorkPool(
    name="perpflow-warm",
    worker_type="perpflow-warm",
    shortest_interval=timedelta(seconds=5),
    forks=True,
    # A fork is cheap; Prefect's server on SQLite is what gives way. With twelve at once and a cycle
    # every 15 s its database stayed locked and the server stopped answering.
    runs_at_once=8,
)

POOLS = {"process": PROCESS, "warm": WARM}
"""By the value of `PERPFLOW_WORKER`."""
