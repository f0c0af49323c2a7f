"""What a stream has told and nobody has read yet: bounded, and ended by the failure of the stream.

A slow reader slows the connection down instead of filling the memory. Two equal records are one
event that came twice, over two connections during an exchange: the second is dropped.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Coroutine, Hashable
from typing import Any, Generic, TypeVar

from adapters.cancelling import end_tasks

Record = TypeVar("Record", bound=Hashable)
REMEMBERED = 4_000
"""Records among which a second one is recognised; an exchange lasts seconds."""


class Inbox(Generic[Record]):
    """Records in the order in which they came."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._records: deque[Record] = deque()
        self._known: OrderedDict[Record, None] = OrderedDict()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._work: set[asyncio.Task[None]] = set()

    async def put(self, record: Record) -> None:
        """Wait for room; a record that is known already changes nothing."""
        if record in self._known:
            return
        self._known[record] = None
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        while len(self._records) >= self._length:
            self._room.clear()
            await self._room.wait()
        self._records.append(record)
        self._news.set()

    async def get(self) -> Record:
        """The next record. Raises what has ended the stream."""
        while not self._records:
            for task in self._work:
                if task.done():
                    task.result()
            self._news.clear()
            await self._news.wait()
        self._room.set()
        return self._records.popleft()

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run what fills the inbox; whoever reads hears of its failure."""
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(lambda _: self._news.set())
        return task

    async def end(self, *tasks: asyncio.Task[None]) -> None:
        """Cancel work that has begun: the named tasks, or all."""
        ending = set(tasks) or set(self._work)
        self._work -= ending
        await end_tasks(ending)
