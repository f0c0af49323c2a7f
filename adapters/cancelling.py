"""Ends tasks and waits for them, without losing a cancellation of whoever waits.

`with suppress(CancelledError): await task` cannot tell the task's end from one's own cancellation: a
loop that was told to end while it waited so would go on for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any


async def end_tasks(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel them and return when all have ended, whatever they raise."""
    ending = set(tasks)
    for task in ending:
        task.cancel()
    if not ending:
        return
    await asyncio.wait(ending)
    for task in ending:
        if not task.cancelled():
            task.exception()  # taken note of: they were to end
