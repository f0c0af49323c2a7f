"""The market's streams for a set of symbols that may change: candles, prices, books, and gaps.

Three streams for each symbol, on as many connections as the venue's limit of 200 needs. A symbol
that is added begins with a `Gap` of its own, as its candles so far were not heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import count
from types import TracebackType
from typing import Self

from pydantic import SecretStr

from adapters.venues.aster.networks import VenueAddress
from adapters.venues.aster.streams.connection import Gap, StreamLine
from adapters.venues.aster.streams.inbox import Inbox
from adapters.venues.aster.streams.market_events import MarketEvent, read_market_event, streams_of
from adapters.venues.aster.streams.settings import MARKET_SETTINGS, MOST_STREAMS, StreamSettings
from adapters.venues.aster.streams.stream_socket import Document, StreamSocket, open_socket

SYMBOLS_ON_ONE = MOST_STREAMS // 3

MarketNews = MarketEvent | Gap


class MarketStream:
    """`async with MarketStream(address) as news: await news.follow(...); async for record in news: ...`."""

    def __init__(
        self,
        address: VenueAddress,
        settings: StreamSettings = MARKET_SETTINGS,
        *,
        symbols_on_one: int = SYMBOLS_ON_ONE,
    ) -> None:
        self._base = address.market_streams
        self._settings = settings
        self._symbols_on_one = symbols_on_one
        self._inbox: Inbox[MarketNews] = Inbox(settings.queue_length)
        self._lines: dict[StreamLine, asyncio.Task[None]] = {}
        self._numbers = count(1)

    @property
    def symbols(self) -> frozenset[str]:
        """What is followed."""
        return frozenset(symbol for line in self._lines for symbol in line.symbols)

    @property
    def is_up(self) -> bool:
        """Whether everything is heard that is followed."""
        return all(line.is_up for line in self._lines)

    async def follow(self, symbols: Iterable[str]) -> None:
        """Follow exactly these; connections that are left without a symbol end."""
        wanted = frozenset(symbols)
        fresh = sorted(wanted - self.symbols)
        for line in tuple(self._lines):
            room = self._symbols_on_one - len(line.symbols & wanted)
            added, fresh = fresh[: max(0, room)], fresh[max(0, room) :]
            await self._change(line, (line.symbols & wanted) | frozenset(added))
        for start in range(0, len(fresh), self._symbols_on_one):
            self._begin(frozenset(fresh[start : start + self._symbols_on_one]))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._inbox.end()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> MarketNews:
        return await self._inbox.get()

    def _begin(self, symbols: frozenset[str]) -> None:
        line = StreamLine(
            f"market stream {next(self._numbers)}",
            self._open,
            self._hear,
            self._settings,
            streams=_streams(symbols),
            symbols=symbols,
        )
        self._lines[line] = self._inbox.begin(line.run())

    async def _change(self, line: StreamLine, symbols: frozenset[str]) -> None:
        if symbols == line.symbols:
            return
        if not symbols:
            await self._inbox.end(self._lines.pop(line))
            return
        line.want(_streams(symbols), symbols)

    async def _open(self) -> StreamSocket:
        return await open_socket("market stream", self._base, SecretStr("/stream"), self._settings)

    async def _hear(self, document: Document | Gap) -> None:
        if isinstance(document, Gap):
            await self._inbox.put(document)
            return
        for record in read_market_event(document):
            await self._inbox.put(record)


def _streams(symbols: frozenset[str]) -> frozenset[str]:
    return frozenset(name for symbol in symbols for name in streams_of(symbol))
