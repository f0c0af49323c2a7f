"""The deployment `watch-exits/arena`: once a minute, on a market whose time is real.

Elsewhere there is none: on a simulated or recorded market nothing happens between the slots that the
next cycle would not see in the same way.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from deployments.schedule import RealSchedule
from deployments.single_deployment import SingleDeployment
from trading.timeframes import EPOCH

if TYPE_CHECKING:
    from adapters.store.arena import Arena

WATCH_FLOW = "watch-exits"
WATCH_ENTRYPOINT = "flows.watch_exits.watch_exits"
WATCH_NAME = "arena"
WATCH_EVERY = timedelta(minutes=1)
_BESIDE = timedelta(seconds=35)
"""After the full minute: the cycles begin there, and have the accounts for some seconds."""


def watch_deployment(arena: Arena) -> SingleDeployment | None:
    """The round of an arena; None where the market's time is not real."""
    if not arena.is_real_time:
        return None
    return SingleDeployment(
        name=WATCH_NAME,
        description="Looks at what is held once a minute, between the cycles of the accounts.",
        entrypoint=WATCH_ENTRYPOINT,
        tag="watch",
        schedule=RealSchedule(interval=WATCH_EVERY, anchor=EPOCH + _BESIDE),
    )
