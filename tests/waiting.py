"""Waiting for what nobody announces: looked at again and again, with an end to the patience."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


def wait_until(
    holds: Callable[[], object],
    seconds: float = 30.0,
    *,
    otherwise: str = "it has not come to that",
) -> None:
    """Return once `holds()` is true. Raises AssertionError with `otherwise` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)


async def until(
    holds: Callable[[], object],
    seconds: float = 30.0,
    *,
    otherwise: str = "it has not come to that",
) -> None:
    """As `wait_until`, for tests whose loop has to go on meanwhile."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, otherwise
        await asyncio.sleep(0.02)
