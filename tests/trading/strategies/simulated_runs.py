"""Runs of the simulated market as strategies read them, with books and funding beside each candle.

The seed and the instants are fixed: what is computed from them can be committed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np

from trading.candles import CandleWindow
from trading.market import MarketView
from trading.simulation.books import book_at
from trading.simulation.candles import candles_until
from trading.simulation.funding import funding_between
from trading.simulation.instruments import ASSETS
from trading.simulation.quotes import quote_at
from trading.strategies.catalogue import STRATEGIES
from trading.strategies.recent_candles import RecentCandles, book_measures, recent_candles
from trading.timeframes import EPOCH, Timeframe
from trading.units import to_float

SEED = 7
UNTIL = datetime(2025, 6, 1, tzinfo=UTC)


def simulated_view(
    name: str, at: datetime, count: int, *, symbol: str = "SOLUSDT", book: bool = True
) -> MarketView:
    """What a cycle of that strategy would read at `at`, with `count` candles."""
    asset, timeframe = ASSETS[symbol], STRATEGIES[name].timeframe
    candles = candles_until(SEED, asset, timeframe, until=at, limit=count)
    since = at - count * timeframe.length - timedelta(hours=8)
    return MarketView(
        instrument=asset.instrument,
        quote=quote_at(SEED, asset, at),
        windows={timeframe: CandleWindow(symbol, timeframe, candles)},
        book=book_at(SEED, asset, at) if book and STRATEGIES[name].needs_book else None,
        fundings=funding_between(SEED, asset, after=since, until=at),
    )


@cache
def simulated_run(
    name: str, count: int, *, symbol: str = "SOLUSDT", beside_every: int = 1
) -> RecentCandles:
    """`count` candles up to `UNTIL`; book or funding estimate known at every `beside_every`-th."""
    view = simulated_view(name, UNTIL, count, symbol=symbol, book=False)
    run = recent_candles(view, STRATEGIES[name].timeframe, count)
    rows = range(0, count, beside_every)
    if STRATEGIES[name].needs_book:
        return _with_books(run, symbol, rows)
    return _with_estimates(run, symbol, rows) if STRATEGIES[name].needs_fundings else run


def _with_books(run: RecentCandles, symbol: str, rows: Iterable[int]) -> RecentCandles:
    """The run with the order book of the simulated market at the close of these candles."""
    imbalance, spread = run.book_imbalance.copy(), run.book_spread.copy()
    for row in rows:
        book = book_at(SEED, ASSETS[symbol], closed_at(run, row))
        imbalance[row], spread[row] = book_measures(book)
    return replace(run, book_imbalance=imbalance, book_spread=spread)


def _with_estimates(run: RecentCandles, symbol: str, rows: Iterable[int]) -> RecentCandles:
    """The run with the funding estimate of the quote at the close of these candles."""
    estimate = np.full(len(run), np.nan)
    for row in rows:
        rate = quote_at(SEED, ASSETS[symbol], closed_at(run, row)).funding_rate
        estimate[row] = np.nan if rate is None else to_float(rate)
    return replace(run, funding_estimate=estimate)


def closed_at(run: RecentCandles, row: int) -> datetime:
    """When that candle closed."""
    return EPOCH + timedelta(seconds=int(run.closed_at[row]))


def default_run(name: str, beyond: int = 160) -> RecentCandles:
    """A run that reaches `beyond` candles past the warm-up of the defaults."""
    strategy = STRATEGIES[name]
    return simulated_run(name, strategy.warm_up(strategy.parameters()) + beyond)


def candles_per_days(timeframe: Timeframe, days: int) -> int:
    """How many candles of that length there are in so many days."""
    return int(np.ceil(timedelta(days=days) / timeframe.length))
