"""Whether a request is sent again, and after how long: only what may pass, only while it can still help.

A lost answer may have been billed, so lost answers are counted and few are allowed (a provider bills
the second one as well). Waiting for what the provider asks for is done only if an answer still fits
into the time that is left.
"""

from __future__ import annotations

from collections.abc import Callable
from secrets import SystemRandom

from adapters.llm.settings import Patience

Jitter = Callable[[], float]
"""A number from 0 up to 1."""

system_jitter: Jitter = SystemRandom().random


def pause_after(failures: int, patience: Patience, jitter: Jitter) -> float:
    """Seconds after so many failures in a row; half of it is chance, so that not all come at once."""
    full = min(patience.longest_pause, patience.first_pause * 2.0 ** min(failures - 1, 30))
    return full * (0.5 + 0.5 * jitter())


def wait_before_next(
    patience: Patience,
    *,
    attempts: int,
    paid: int,
    seconds_left: float,
    pause: float,
    retry_after: float | None,
) -> float | None:
    """Seconds to wait before the same request is sent again; None: it is not.

    `attempts` and `paid` are those made so far; `pause` is what we would wait by ourselves.
    """
    if attempts >= patience.most_attempts or paid >= patience.most_paid:
        return None
    wait = max(pause, retry_after or 0.0)
    return wait if wait + patience.least_seconds <= seconds_left else None
