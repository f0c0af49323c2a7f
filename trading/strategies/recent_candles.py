"""What a strategy reads of a market: its newest closed candles as float64 columns, and beside each
candle what was known at its close of the order book and of funding.

A strategy never sees more than the number of candles it declares. That makes its answer the same
whether the caller fetched exactly that many or a whole year: live and backtest cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

import numpy as np
import numpy.typing as npt

from trading.candles import CandleWindow, FloatArray
from trading.market import FundingRate, MarketView, OrderBook
from trading.timeframes import EPOCH, Timeframe
from trading.units import to_float

SecondArray = npt.NDArray[np.int64]
BOOK_LEVELS = 5
"""Price levels on each side that count for the imbalance: the nearest ones are what trades next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentCandles:
    """Columns of one run of closed candles, oldest first, all of one length."""

    opens: FloatArray
    highs: FloatArray
    lows: FloatArray
    closes: FloatArray
    volumes: FloatArray
    """Base quantity; prices are quote per base."""
    closed_at: SecondArray
    """Close instants, seconds since the Unix epoch."""
    book_imbalance: FloatArray
    """(bids - asks) / (bids + asks) of the quantities resting near the price, -1..1; NaN unknown."""
    book_spread: FloatArray
    """Best ask minus best bid over their mean, a ratio; NaN unknown."""
    funding_rate: FloatArray
    """The newest rate that was paid at or before the close, ratio per funding period; NaN unknown."""
    funding_estimate: FloatArray
    """The rate that is expected to be paid next, as the venue said at the close; NaN unknown."""
    funding_paid: FloatArray
    """Sum of the rates paid during the candle, its close included; 0 without one, NaN unknown."""

    def __len__(self) -> int:
        return self.closes.size

    def until(self, count: int) -> RecentCandles:
        """The first `count` candles: what was known when the last of them closed."""
        return self._cut(slice(0, count))

    def newest(self, count: int) -> RecentCandles:
        """The last `count` candles, or as many as there are."""
        return self._cut(slice(max(0, len(self) - count), len(self)))

    def _cut(self, part: slice) -> RecentCandles:
        return RecentCandles(**{each.name: getattr(self, each.name)[part] for each in fields(self)})


def recent_candles(view: MarketView, timeframe: Timeframe, at_most: int) -> RecentCandles:
    """The newest `at_most` closed candles of a timeframe; empty when the view has none.

    Of the order book and the funding estimate only the present one is known: it stands beside the
    newest candle, unless it is older than that candle's close.
    """
    window = view.windows.get(timeframe)
    if window is None or not len(window):
        return _NOTHING
    closed_at = _close_seconds(window)[-at_most:]
    imbalance, spread, estimate = _beside_newest(view, closed_at)
    rate, paid = funding_columns(view.fundings, closed_at, timeframe)
    return RecentCandles(
        opens=window.opens[-at_most:],
        highs=window.highs[-at_most:],
        lows=window.lows[-at_most:],
        closes=window.closes[-at_most:],
        volumes=window.volumes[-at_most:],
        closed_at=closed_at,
        book_imbalance=imbalance,
        book_spread=spread,
        funding_rate=rate,
        funding_estimate=estimate,
        funding_paid=paid,
    )


def funding_columns(
    fundings: tuple[FundingRate, ...], closed_at: SecondArray, timeframe: Timeframe
) -> tuple[FloatArray, FloatArray]:
    """`funding_rate` and `funding_paid` beside candles that closed at these instants.

    `fundings` are without a gap, oldest first; candles before the first of them know nothing.
    """
    if not fundings:
        return _unknown(closed_at.size), _unknown(closed_at.size)
    instants = np.array([_second(each.at) for each in fundings], dtype=np.int64)
    rates = np.array([to_float(each.rate) for each in fundings], dtype=np.float64)
    until = np.searchsorted(instants, closed_at, side="right")
    since = np.searchsorted(instants, closed_at - timeframe.seconds, side="right")
    total = np.concatenate(([0.0], np.cumsum(rates)))
    is_known = until > 0
    return (
        np.where(is_known, rates[np.maximum(until - 1, 0)], np.nan),
        np.where(is_known, total[until] - total[since], np.nan),
    )


def book_measures(book: OrderBook) -> tuple[float, float]:
    """Imbalance and spread of a book; NaN where a side is empty."""
    if not book.bids or not book.asks:
        return np.nan, np.nan
    bids = sum(to_float(each.quantity) for each in book.bids[:BOOK_LEVELS])
    asks = sum(to_float(each.quantity) for each in book.asks[:BOOK_LEVELS])
    bid, ask = to_float(book.bids[0].price), to_float(book.asks[0].price)
    both = bids + asks
    return (bids - asks) / both if both > 0.0 else np.nan, (ask - bid) / (0.5 * (ask + bid))


def _beside_newest(
    view: MarketView, closed_at: SecondArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Imbalance, spread and funding estimate: unknown but for the newest candle."""
    book, quote = view.book, view.quote
    imbalance, spread, estimate = (_unknown(closed_at.size) for _ in range(3))
    if book is not None and _second(book.at) >= closed_at[-1]:
        imbalance[-1], spread[-1] = book_measures(book)
    if quote.funding_rate is not None and _second(quote.at) >= closed_at[-1]:
        estimate[-1] = to_float(quote.funding_rate)
    return imbalance, spread, estimate


def _close_seconds(window: CandleWindow) -> SecondArray:
    seconds = window.timeframe.seconds
    newest = _second(window.closed_at)
    return newest - seconds * np.arange(len(window) - 1, -1, -1, dtype=np.int64)


def _second(at: datetime) -> int:
    return int((at - EPOCH).total_seconds())


def _unknown(count: int) -> FloatArray:
    return np.full(count, np.nan)


_EMPTY: FloatArray = np.empty(0, dtype=np.float64)
_NOTHING = RecentCandles(
    opens=_EMPTY,
    highs=_EMPTY,
    lows=_EMPTY,
    closes=_EMPTY,
    volumes=_EMPTY,
    closed_at=np.empty(0, dtype=np.int64),
    book_imbalance=_EMPTY,
    book_spread=_EMPTY,
    funding_rate=_EMPTY,
    funding_estimate=_EMPTY,
    funding_paid=_EMPTY,
)
