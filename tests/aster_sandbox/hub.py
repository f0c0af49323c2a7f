"""Who listens to what, and what they are told. Documents may come from any thread.

A connection is a queue in the server's loop and the names of the streams it follows. A listen key is a
stream like any other; None in a queue ends the connection.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.aster_sandbox.market import Market
from tests.aster_sandbox.market_events import Told, documents_of_move, lists_of
from trading.timeframes import Timeframe
from trading.units import plain


@dataclass(slots=True, eq=False)
class Connection:
    """One socket."""

    loop: asyncio.AbstractEventLoop
    is_combined: bool
    streams: set[str] = field(default_factory=set)
    queue: asyncio.Queue[dict[str, Any] | None] = field(default_factory=asyncio.Queue)

    def put(self, document: dict[str, Any] | None) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.queue.put_nowait, document)

    def tell(self, stream: str, document: dict[str, Any]) -> None:
        self.put({"stream": stream, "data": document} if self.is_combined else document)


@dataclass(slots=True)
class Hub:
    """All connections."""

    connections: set[Connection] = field(default_factory=set)
    held: list[tuple[str, dict[str, Any]]] | None = None
    """User events that wait while a test holds them back; None: they go out at once."""
    told: deque[tuple[str, dict[str, Any]]] = field(default_factory=lambda: deque(maxlen=10_000))
    """The last user events, with their listen key, heard or not."""
    told_of: defaultdict[str, Told] = field(default_factory=lambda: defaultdict(Told))
    """How far the market streams of each symbol have come."""

    def tell(self, stream: str, document: dict[str, Any]) -> None:
        for connection in tuple(self.connections):
            if stream in connection.streams:
                connection.tell(stream, document)

    def tell_user(self, listen_key: str | None, document: dict[str, Any]) -> None:
        """An account's event; without a listen key nobody can hear it."""
        if listen_key is None:
            return
        self.told.append((listen_key, document))
        if self.held is not None:
            self.held.append((listen_key, document))
        else:
            self.tell(listen_key, document)

    def hold(self) -> None:
        """Keep user events back until they are released."""
        self.held = self.held or []

    def release(self, order: Iterable[int] | None = None) -> None:
        """Let them go, in any order a test likes (indices); by default as they happened."""
        held, self.held = self.held or [], None
        for index in range(len(held)) if order is None else order:
            self.tell(*held[index])

    def tell_liquidation(self, document: dict[str, Any]) -> None:
        """Everybody hears of a position that the venue has closed."""
        self.tell(f"{document['o']['s'].lower()}@forceOrder", document)
        self.tell("!forceOrder@arr", document)

    def drop_all(self) -> None:
        """End every connection: stream loss."""
        for connection in tuple(self.connections):
            connection.put(None)

    def tell_market(self, market: Market, now_ms: int) -> None:
        """Mark price, day figures, depth, best prices and candles of a symbol after a move."""
        if not self.connections:
            return
        symbol = market.instrument.symbol
        name = symbol.lower()
        mark = mark_document(market, now_ms)
        for stream in (f"{name}@markPrice", f"{name}@markPrice@1s"):
            self.tell(stream, mark)
        for stream in ("!markPrice@arr", "!markPrice@arr@1s"):
            self._tell_list(stream, mark)
        moved = documents_of_move(market, now_ms, self.told_of[symbol])
        for stream, document in moved.items():
            self.tell(stream, document)
        for stream, document in lists_of(moved).items():
            self._tell_list(stream, document)
        best = best_document(market, now_ms)
        self.tell(f"{name}@bookTicker", best)
        self.tell("!bookTicker", best)
        for timeframe in Timeframe:
            stream = f"{name}@kline_{timeframe}"
            if any(stream in each.streams for each in self.connections):
                for document in kline_documents(market, timeframe, now_ms):
                    self.tell(stream, document)

    def _tell_list(self, stream: str, document: dict[str, Any]) -> None:
        for connection in tuple(self.connections):
            if stream in connection.streams:
                rows: Any = [document]
                connection.put({"stream": stream, "data": rows} if connection.is_combined else rows)


def mark_document(market: Market, now_ms: int) -> dict[str, Any]:
    return {
        "e": "markPriceUpdate",
        "E": now_ms,
        "s": market.instrument.symbol,
        "p": plain(market.mark),
        "i": plain(market.mark),
        "P": plain(market.mark),
        "r": plain(market.funding_rate),
        "T": market.next_funding_ms,
    }


def best_document(market: Market, now_ms: int) -> dict[str, Any]:
    bid = market.bids[0] if market.bids else None
    ask = market.asks[0] if market.asks else None
    return {
        "e": "bookTicker",
        "u": market.update_id,
        "E": now_ms,
        "T": now_ms,
        "s": market.instrument.symbol,
        "b": plain(bid.price) if bid else "0",
        "B": plain(bid.quantity) if bid else "0",
        "a": plain(ask.price) if ask else "0",
        "A": plain(ask.quantity) if ask else "0",
    }


def kline_documents(market: Market, timeframe: Timeframe, now_ms: int) -> list[dict[str, Any]]:
    """The candle that runs; when it has just begun, the one before as closed first."""
    history = market.history(timeframe)
    if not history:
        return []
    length = timeframe.seconds * 1000
    documents: list[dict[str, Any]] = []
    for candle in history[-2:]:
        opens = int(candle.open_time.timestamp() * 1000)
        documents.append(
            {
                "e": "kline",
                "E": now_ms,
                "s": market.instrument.symbol,
                "k": {
                    "t": opens,
                    "T": opens + length - 1,
                    "s": market.instrument.symbol,
                    "i": str(timeframe),
                    "f": 1,
                    "L": 1,
                    "o": plain(candle.open),
                    "h": plain(candle.high),
                    "l": plain(candle.low),
                    "c": plain(candle.close),
                    "v": plain(candle.volume),
                    "n": 1,
                    "x": candle is not history[-1],
                    "q": plain(candle.volume * candle.close),
                    "V": "0",
                    "Q": "0",
                    "B": "0",
                },
            }
        )
    return documents
