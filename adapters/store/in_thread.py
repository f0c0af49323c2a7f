"""Run a database call in a thread, and never leave it behind.

`asyncio.to_thread` alone returns at a cancellation while the thread goes on: the caller would then
roll back a connection that another thread is still writing through. Here the cancellation waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")


async def in_thread(call: Callable[..., Result], *args: object, **options: object) -> Result:
    """The result of the call; when cancelled, `CancelledError` after the call has ended."""
    running = asyncio.create_task(asyncio.to_thread(call, *args, **options))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        while not running.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # taken note of: the cancellation is what the caller hears
        raise
