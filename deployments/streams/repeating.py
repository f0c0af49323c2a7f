"""A job again and again: its failure is told once, tried again with growing pauses, and told when over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import cast

from adapters.venues.aster.streams.pauses import pause_before, system_jitter

log = logging.getLogger("perpflow.streams")
LONGEST_PAUSE_SECONDS = 30.0


async def repeat(what: str, period: float, job: Callable[[], Awaitable[None]]) -> None:
    """Until cancelled. Whatever the job raises, it is tried again."""
    failures = 0
    while True:
        try:
            await job()
        except Exception as error:  # noqa: BLE001 - the service outlives whatever is away
            if failures == 0:
                log.warning("%s fails and is tried again: %s", what, in_one_line(error))
            failures += 1
        else:
            if failures:
                log.info("%s works again", what)
            failures = 0
        await asyncio.sleep(
            pause_before(failures, period, LONGEST_PAUSE_SECONDS, system_jitter)
            if failures
            else period
        )


def in_one_line(error: BaseException) -> str:
    """The kind of an error and its first line; of a group, its first error."""
    if isinstance(error, BaseExceptionGroup):
        return in_one_line(cast("BaseExceptionGroup[BaseException]", error).exceptions[0])
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"
