"""How long to wait between two tries to connect: doubled each time, and never the same for two."""

from __future__ import annotations

from collections.abc import Callable
from secrets import SystemRandom

Jitter = Callable[[], float]
"""A number from 0 up to 1."""

system_jitter: Jitter = SystemRandom().random


def pause_before(tries: int, first: float, longest: float, jitter: Jitter) -> float:
    """Seconds after `tries` failures in a row; half of it is chance, so that not all come at once."""
    full = min(longest, first * 2.0 ** min(tries, 30))
    return full * (0.5 + 0.5 * jitter())
