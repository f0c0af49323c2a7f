"""The market of the sandbox: prices, book, candles and funding of one symbol, moved by a test.

Prices are quote per base, quantities base. Nothing moves by itself except the funding instant.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from trading.candles import Candle
from trading.instruments import Instrument
from trading.market import BookLevel, FundingRate, OrderBook, Quote
from trading.timeframes import Timeframe
from trading.units import ZERO

if TYPE_CHECKING:
    from tests.aster_sandbox.past import Past

_PLENTY = 1_000_000
"""Steps of quantity that stand at the best price of each side, unless a test sets a book."""


@dataclass(slots=True, kw_only=True)
class Market:
    """One symbol."""

    instrument: Instrument
    last: Decimal
    mark: Decimal
    next_funding_ms: int
    funding_rate: Decimal = Decimal("0.0001")
    status: str = "TRADING"
    bids: tuple[BookLevel, ...] = ()
    asks: tuple[BookLevel, ...] = ()
    update_id: int = 1
    candles: list[Candle] = field(default_factory=list)
    """Of one minute, oldest first; the last one is open."""
    mark_candles: list[Candle] = field(default_factory=list)
    fundings: list[FundingRate] = field(default_factory=list)
    trades: list[tuple[int, Decimal, Decimal, datetime]] = field(default_factory=list)
    """Number, price, quantity, instant."""
    past: Past | None = None
    """Where its candles come from besides the moves; None: there was nothing before the first one."""
    frozen_ms: int | None = None
    """The instant that its prices say they are of, when they have stopped; None: always now."""

    def told_ms(self, now_ms: int) -> int:
        """The instant that prices say they are of."""
        return now_ms if self.frozen_ms is None else self.frozen_ms

    def set_book(
        self,
        bids: tuple[BookLevel, ...] | None = None,
        asks: tuple[BookLevel, ...] | None = None,
    ) -> None:
        """Levels of a side, best first; None: plenty one tick from the last price."""
        tick, plenty = self.instrument.tick_size, self.instrument.step_size * _PLENTY
        self.bids = (BookLevel(self.last - tick, plenty),) if bids is None else bids
        self.asks = (BookLevel(self.last + tick, plenty),) if asks is None else asks
        self.update_id += 1

    def trade(self, candle: Candle, mark: Candle, at: datetime) -> None:
        """Take note of a move of last price and mark that happened at `at`."""
        self.last, self.mark = candle.close, mark.close
        self.set_book()
        self.candles = _grown(self.candles, candle, at)
        self.mark_candles = _grown(self.mark_candles, mark, at)
        if candle.volume > ZERO:
            self.trades.append((len(self.trades) + 1, candle.close, candle.volume, at))

    def quote(self, at: datetime) -> Quote:
        """Of an empty side the last price stands in: there is no better one."""
        return Quote(
            symbol=self.instrument.symbol,
            at=at,
            last=self.last,
            mark=self.mark,
            bid=self.bids[0].price if self.bids else self.last,
            ask=self.asks[0].price if self.asks else self.last,
            funding_rate=self.funding_rate,
        )

    def book(self, at: datetime) -> OrderBook:
        return OrderBook(symbol=self.instrument.symbol, at=at, bids=self.bids, asks=self.asks)

    def history(self, timeframe: Timeframe, *, of_mark: bool = False) -> list[Candle]:
        """Candles of that length, put together from minutes."""
        folded: dict[datetime, Candle] = {}
        for each in self.mark_candles if of_mark else self.candles:
            opens = timeframe.floor(each.open_time)
            known = folded.get(opens)
            folded[opens] = _joined(opens, known, each)
        return list(folded.values())


def point(price: Decimal, at: datetime, volume: Decimal = ZERO) -> Candle:
    """A move that is one price."""
    return Candle(at, price, price, price, price, volume)


def _grown(candles: list[Candle], more: Candle, at: datetime) -> list[Candle]:
    opens = Timeframe.M1.floor(at)
    if candles and candles[-1].open_time == opens:
        return [*candles[:-1], _joined(opens, candles[-1], more)]
    return [*candles, _joined(opens, None, more)]


def _joined(opens: datetime, known: Candle | None, more: Candle) -> Candle:
    if known is None:
        return Candle(opens, more.open, more.high, more.low, more.close, more.volume)
    return Candle(
        opens,
        known.open,
        max(known.high, more.high),
        min(known.low, more.low),
        more.close,
        known.volume + more.volume,
    )
