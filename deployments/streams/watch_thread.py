"""Runs the looks at accounts in a thread with one event loop of its own.

The steps of a look talk to Postgres without letting go of their loop. In the loop of the streams
that would hold up every account's messages and answers to pings while the database is slow.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self


class WatchThread:
    """`async with WatchThread(watch) as apart: await apart(account_id, why)`."""

    def __init__(self, watch: Callable[[str, str], Awaitable[object | None]]) -> None:
        self._watch = watch
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    async def __call__(self, account_id: str, why: str) -> object | None:
        """As the function itself; cancelling this cancels the look."""
        look = asyncio.run_coroutine_threadsafe(self._look(account_id, why), self._loop)
        return await asyncio.wrap_future(look)

    async def __aenter__(self) -> Self:
        self._thread.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join, 1.0)

    async def _look(self, account_id: str, why: str) -> Any:
        return await self._watch(account_id, why)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            _end_all(self._loop)
        finally:
            self._loop.close()


def _end_all(loop: asyncio.AbstractEventLoop) -> None:
    """As `asyncio.run` does: clients that belong to the loop are closed with it."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
