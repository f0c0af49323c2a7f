"""A market made of a list of candles, and a paper book in memory that locks and rolls back.

The book keeps what PostgresPaperBook keeps; the market counts what it was asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from tests.builders import build_quote
from tests.trading.matching.paper_builders import INSTRUMENTS
from trading.candles import Candle
from trading.errors import BadMarketData
from trading.instruments import Instrument
from trading.market import FundingRate, Quote
from trading.orders import Fill, Order
from trading.paper_book import (
    BookState,
    FundingPaid,
    OrderChanged,
    OrderFilled,
    VenueEvent,
)
from trading.ports import Income
from trading.timeframes import Timeframe


@dataclass(slots=True, kw_only=True)
class ListedMarket:
    """Candles by symbol, oldest first; the quote at an instant is the open of the running candle."""

    candles_by_symbol: Mapping[str, Sequence[Candle]]
    fundings_by_symbol: Mapping[str, Sequence[FundingRate]] = field(default_factory=dict)
    asked: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    """(symbol, since, until) of every request for candles."""

    name = "listed"
    base_timeframe = Timeframe.M1

    async def instruments(self) -> tuple[Instrument, ...]:
        return tuple(INSTRUMENTS.values())

    async def candles(
        self, symbol: str, timeframe: Timeframe, *, until: datetime, limit: int
    ) -> tuple[Candle, ...]:
        closed = [c for c in self._all(symbol) if c.open_time + timeframe.length <= until]
        return tuple(closed[-limit:])

    async def candles_between(
        self, symbol: str, timeframe: Timeframe, *, since: datetime, until: datetime
    ) -> tuple[Candle, ...]:
        self.asked.append((symbol, since, until))
        return tuple(
            candle
            for candle in self._all(symbol)
            if candle.open_time >= since and candle.open_time + timeframe.length <= until
        )

    async def quote(self, symbol: str, at: datetime) -> Quote:
        length = self.base_timeframe.length
        prices = [c.open for c in self._all(symbol) if c.open_time <= at < c.open_time + length]
        prices += [c.close for c in self._all(symbol) if c.open_time + length == at]
        if not prices:
            raise BadMarketData(symbol, f"no price at {at:%H:%M}")
        return build_quote(prices[0], at, symbol=symbol, spread="0.2")

    async def quotes(
        self, symbols: Sequence[str], at: datetime
    ) -> Mapping[str, Quote | BadMarketData]:
        answers: dict[str, Quote | BadMarketData] = {}
        for symbol in symbols:
            try:
                answers[symbol] = await self.quote(symbol, at)
            except BadMarketData as defect:
                answers[symbol] = defect
        return answers

    async def funding_between(
        self, symbol: str, *, after: datetime, until: datetime
    ) -> tuple[FundingRate, ...]:
        rates = self.fundings_by_symbol.get(symbol, ())
        return tuple(rate for rate in rates if after < rate.at <= until)

    def _all(self, symbol: str) -> Sequence[Candle]:
        return self.candles_by_symbol.get(symbol, ())


@dataclass(slots=True)
class _Change:
    state: BookState
    events: list[VenueEvent] = field(default_factory=list)

    def record(self, state: BookState, events: Sequence[VenueEvent]) -> None:
        self.state = state
        self.events.extend(events)


class MemoryBook:
    """One account's paper book; a change that raises leaves nothing behind."""

    def __init__(self, state: BookState) -> None:
        self.state = state
        self.orders: dict[str, Order] = dict(state.orders)
        self.fills: list[Fill] = []
        self.income: list[Income] = []
        self.commits = 0
        self._lock = asyncio.Lock()

    async def read(self) -> BookState:
        await asyncio.sleep(0)
        return replace(self.state)

    @asynccontextmanager
    async def change(self) -> AsyncIterator[_Change]:
        async with self._lock:
            change = _Change(self.state)
            yield change
            self._commit(change)

    async def order_by_client_id(self, client_order_id: str) -> Order | None:
        named = [o for o in self.orders.values() if o.request.client_order_id == client_order_id]
        return named[-1] if named else None

    async def fills_since(self, trade_id: str | None) -> tuple[Fill, ...]:
        after = 0 if trade_id is None else int(trade_id)
        return tuple(fill for fill in self.fills if int(fill.trade_id) > after)

    async def income_since(self, tran_id: str | None) -> tuple[Income, ...]:
        after = 0 if tran_id is None else int(tran_id)
        return tuple(line for line in self.income if int(line.tran_id) > after)

    def _commit(self, change: _Change) -> None:
        self.commits += 1
        self.state = change.state
        for event in change.events:
            match event:
                case OrderChanged(order=order):
                    self.orders[order.venue_order_id] = order
                case OrderFilled(fill=fill):
                    self.fills.append(fill)
                case FundingPaid():
                    self.income.append(
                        Income(
                            tran_id=event.tran_id,
                            kind="funding",
                            symbol=event.symbol,
                            amount=event.amount,
                            at=event.at,
                        )
                    )
