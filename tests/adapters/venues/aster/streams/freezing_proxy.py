"""A TCP proxy before a sandbox that can freeze: connections stay open, and nothing goes through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit


class FreezingProxy:
    """`url` leads to the target; `freeze` stops what is connected now, not what comes later."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self._gates: set[asyncio.Event] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    def freeze(self) -> None:
        for frozen in self._gates:
            frozen.clear()
        self._gates.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gate = asyncio.Event()
        gate.set()
        self._gates.add(gate)
        there = await asyncio.open_connection(self._target.hostname, self._target.port)
        flows = [_flow(reader, there[1], gate), _flow(there[0], writer, gate)]
        self._tasks |= {asyncio.ensure_future(each) for each in flows}

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _flow(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, gate: asyncio.Event
) -> None:
    with suppress(OSError):
        while data := await source.read(65_536):
            await gate.wait()
            sink.write(data)
            await sink.drain()
    sink.close()


@asynccontextmanager
async def freezing_proxy(target: str) -> AsyncIterator[FreezingProxy]:
    proxy = FreezingProxy(target)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
