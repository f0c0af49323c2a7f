"""A market source that asks its origin once for what every account of a process asks again.

Quotes and books of an instant, funding and instruments are remembered, a bounded number of each;
they are what a market said of that instant, so the answer never changes. A defect is remembered like
an answer. So are short complete stretches of candles, on which the paper books of accounts with the
same symbols are matched; series for indicators pass through: `tasks.market_memory` keeps those.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from trading.candles import Candle
from trading.errors import BadMarketData
from trading.instruments import Instrument
from trading.market import FundingRate, OrderBook, Quote
from trading.ports import BookSource, MarketSource, RuleSource
from trading.timeframes import Timeframe

KEPT_QUOTES = 2_048
KEPT_FUNDINGS = 512
KEPT_BOOKS = 512
KEPT_STRETCHES = 128
LONGEST_STRETCH = 60
"""Candles: an hour of minutes, 40 kB."""

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class RecentlyUsed(Generic[Key, Value]):
    """At most `size` values; the one that was not used for the longest time goes first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def clear(self) -> None:
        self._values.clear()

    def get(self, key: Key) -> Value | None:
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key]

    def put(self, key: Key, value: Value) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._size:
            self._values.popitem(last=False)

    async def get_or_ask(self, key: Key, ask: Callable[[], Awaitable[Value]]) -> Value:
        """The remembered value, else the answer of `ask`; what it raises is not remembered."""
        known = self.get(key)
        if known is None:
            known = await ask()
            self.put(key, known)
        return known


class RememberedMarket:
    """`trading.ports.MarketSource` over another one, for the life of a process."""

    def __init__(self, origin: MarketSource, *, instruments_change: bool = False) -> None:
        """`instruments_change`: the origin asks for its rules now and then, and is asked each time."""
        self._origin = origin
        self._instruments_change = instruments_change
        self._instruments: tuple[Instrument, ...] | None = None
        self._quotes: RecentlyUsed[tuple[str, datetime], Quote | BadMarketData] = RecentlyUsed(
            KEPT_QUOTES
        )
        self._fundings: RecentlyUsed[tuple[str, datetime, datetime], tuple[FundingRate, ...]] = (
            RecentlyUsed(KEPT_FUNDINGS)
        )
        self._stretches: RecentlyUsed[
            tuple[str, Timeframe, datetime, datetime], tuple[Candle, ...]
        ] = RecentlyUsed(KEPT_STRETCHES)
        self._books: RecentlyUsed[tuple[str, datetime], OrderBook] = RecentlyUsed(KEPT_BOOKS)

    @property
    def name(self) -> str:
        return self._origin.name

    @property
    def base_timeframe(self) -> Timeframe:
        return self._origin.base_timeframe

    async def instruments(self) -> tuple[Instrument, ...]:
        if self._instruments is None or self._instruments_change:
            self._instruments = await self._origin.instruments()
        return self._instruments

    async def told_instruments(self) -> tuple[Instrument, ...]:
        """As the origin's; of one that knows nothing by hearsay, its instruments."""
        origin = self._origin
        if not isinstance(origin, RuleSource):
            return await self.instruments()
        return await origin.told_instruments()

    async def candles(
        self, symbol: str, timeframe: Timeframe, *, until: datetime, limit: int
    ) -> tuple[Candle, ...]:
        """As the origin's."""
        return await self._origin.candles(symbol, timeframe, until=until, limit=limit)

    async def candles_between(
        self, symbol: str, timeframe: Timeframe, *, since: datetime, until: datetime
    ) -> tuple[Candle, ...]:
        """As the origin's."""
        key = (symbol, timeframe, since, until)
        known = self._stretches.get(key)
        if known is None:
            known = await self._origin.candles_between(symbol, timeframe, since=since, until=until)
            # What is not complete may still become so.
            if known and len(known) <= LONGEST_STRETCH and _reaches(known, timeframe, until):
                self._stretches.put(key, known)
        return known

    async def quote(self, symbol: str, at: datetime) -> Quote:
        """As the origin's."""
        return _usable((await self.quotes((symbol,), at))[symbol])

    async def quotes(
        self, symbols: Sequence[str], at: datetime
    ) -> Mapping[str, Quote | BadMarketData]:
        """As the origin's; only what is not known yet is asked for, in one call."""
        missing = [symbol for symbol in symbols if self._quotes.get((symbol, at)) is None]
        if missing:
            self.remember_quotes(await self._origin.quotes(missing, at), at)
        return {symbol: self._require(symbol, at) for symbol in symbols}

    def remember_quotes(self, quotes: Mapping[str, Quote | BadMarketData], at: datetime) -> None:
        """Take over quotes of the instant `at` that somebody else has read from this market."""
        for symbol, quote in quotes.items():
            self._quotes.put((symbol, at), quote)

    async def funding_between(
        self, symbol: str, *, after: datetime, until: datetime
    ) -> tuple[FundingRate, ...]:
        """As the origin's."""
        return await self._fundings.get_or_ask(
            (symbol, after, until),
            lambda: self._origin.funding_between(symbol, after=after, until=until),
        )

    async def order_book(self, symbol: str, at: datetime) -> OrderBook | None:
        """As the origin's; None where the origin knows no order books."""
        origin = self._origin
        if not isinstance(origin, BookSource):
            return None
        return await self._books.get_or_ask((symbol, at), lambda: origin.order_book(symbol, at))

    def _require(self, symbol: str, at: datetime) -> Quote | BadMarketData:
        known = self._quotes.get((symbol, at))
        if known is None:
            return BadMarketData(symbol, f"the market {self.name} gave no quote")
        return known


def _reaches(candles: tuple[Candle, ...], timeframe: Timeframe, until: datetime) -> bool:
    return candles[-1].open_time + timeframe.length >= timeframe.floor(until)


def _usable(answer: Quote | BadMarketData) -> Quote:
    if isinstance(answer, BadMarketData):
        raise answer.with_traceback(None)  # one object, raised many times
    return answer
