"""One client for each event loop: connections belong to the loop that opened them.

A process may run several loops one after another. A client is closed by its loop's own shutdown of
asynchronous generators, which `asyncio.run` does before it closes the loop: no socket outlives it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

from adapters.venues.aster.client import AsterClient

AT_ONCE = 8
"""Requests under way at a time: below the connections of a client, so that none waits for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopClient:
    """What a loop has."""

    client: AsterClient
    keeper: AsyncGenerator[None]
    """Closes the client when its loop is shut down, or when nobody has this any more."""
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """For what must be asked once only, however many want to know."""


class LoopClients:
    """The clients of the loops of this process."""

    def __init__(self, build: Callable[[], AsterClient]) -> None:
        self._build = build
        self._by_loop: dict[asyncio.AbstractEventLoop, LoopClient] = {}

    def __len__(self) -> int:
        return len(self._by_loop)

    async def of_this_loop(self) -> LoopClient:
        """The running loop's own."""
        loop = asyncio.get_running_loop()
        found = self._by_loop.get(loop)
        if found is None:
            self._drop_dead_loops()
            client = self._build()
            found = LoopClient(client=client, keeper=self._kept(loop, client))
            self._by_loop[loop] = found
            await anext(found.keeper)
        return found

    async def aclose(self) -> None:
        """Close the running loop's own, where it is not to live as long as its loop."""
        found = self._by_loop.get(asyncio.get_running_loop())
        if found is not None:
            await found.keeper.aclose()

    async def _kept(
        self, loop: asyncio.AbstractEventLoop, client: AsterClient
    ) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            self._by_loop.pop(loop, None)
            await client.aclose()

    def _drop_dead_loops(self) -> None:
        """Of loops that were closed without their shutdown: their connections are let go."""
        for loop in [each for each in self._by_loop if each.is_closed()]:
            self._by_loop.pop(loop, None)
