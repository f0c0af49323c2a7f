from __future__ import annotations

import asyncio
import time
from threading import Event

import pytest

from adapters.store.in_thread import in_thread


async def test_a_cancelled_caller_hears_of_it_only_after_the_call_has_ended():
    started, ended = Event(), Event()

    def call() -> None:
        started.set()
        time.sleep(0.2)
        ended.set()

    caller = asyncio.create_task(in_thread(call))
    await asyncio.to_thread(started.wait)
    for _ in range(3):  # an impatient canceller changes nothing
        caller.cancel()
        await asyncio.sleep(0.01)
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert ended.is_set()


async def test_an_error_of_the_call_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 / 0)
