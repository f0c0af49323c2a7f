"""Ending tasks: all of them, and never at the price of one's own cancellation."""

from __future__ import annotations

import asyncio

import pytest

from adapters.cancelling import end_tasks


async def linger(seconds: float) -> None:
    """Takes its time to end."""
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(seconds)


async def fail_at_the_end() -> None:
    try:
        await asyncio.sleep(60)
    finally:
        raise ValueError("not well")


async def test_all_have_ended_whatever_they_raise() -> None:
    tasks = [asyncio.create_task(linger(0.01)), asyncio.create_task(fail_at_the_end())]
    await asyncio.sleep(0)
    await end_tasks(tasks)
    assert all(task.done() for task in tasks)
    await end_tasks(tasks)
    await end_tasks([])


async def test_who_is_cancelled_while_it_waits_hears_of_it() -> None:
    slow = asyncio.create_task(linger(0.2))
    await asyncio.sleep(0)
    ending = asyncio.create_task(end_tasks([slow]))
    await asyncio.sleep(0.01)
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert not slow.done()
    await asyncio.wait({slow})
