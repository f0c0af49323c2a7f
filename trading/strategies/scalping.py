"""Scalping: go with the heavier side of the order book while the price runs that way.

Reads 1m candles and the order book of now. Long when bids outweigh asks by `imbalance_entry`, the
close is above its short EMA and the spread is narrow; short the other way round. The position ends
when the book leans against it. Without a book it has no opinion, and says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from trading.candles import FloatArray
from trading.indicators.trend import average_warm_up, ema
from trading.indicators.volatility import atr, atr_warm_up
from trading.market import MarketView
from trading.positions import Direction
from trading.signals import Signal, hold
from trading.strategies.columns import OpinionColumns, levels_around, opine, silent_before
from trading.strategies.confidence import compute_confidence
from trading.strategies.opinions import speak, wait_for_candles
from trading.strategies.parameters import ranged, require_ranges
from trading.strategies.recent_candles import RecentCandles, recent_candles
from trading.timeframes import Timeframe

TIMEFRAMES = {Timeframe.M1: 200}
"""Candles read: about three times the longest period, so that the seeds have faded."""
CERTAIN_IMBALANCE = 0.8
"""Nine times as much on one side as on the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalpingParameters:
    """Periods are in 1m candles."""

    ema_period: int = ranged(9, low=2, high=60)
    atr_period: int = ranged(14, low=2, high=60)
    imbalance_entry: float = ranged(0.25, low=0.05, high=0.8)
    """(bids - asks) / (bids + asks) of the nearest levels from which a side is heavier."""
    imbalance_exit: float = ranged(0.15, low=0.0, high=0.8)
    """As much against the position ends it."""
    max_spread_ratio: float = ranged(0.0005, low=0.00001, high=0.01)
    """Widest spread over the mid price that is crossed."""
    stop_atr: float = ranged(4.0, low=0.5, high=30.0)
    """Distance of the stop in ATR."""
    min_stop_ratio: float = ranged(0.002, low=0.0, high=0.02)
    """Smallest distance of the stop over the price: a stop inside the costs is noise."""
    reward: float = ranged(1.75, low=0.5, high=10.0)
    """Distance of the target over that of the stop."""

    def __post_init__(self) -> None:
        require_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measures:
    average: FloatArray
    reach: FloatArray


def warm_up(parameters: ScalpingParameters) -> int:
    """1m candles needed before the first opinion."""
    return max(average_warm_up(parameters.ema_period), atr_warm_up(parameters.atr_period))


def opinions(candles: RecentCandles, parameters: ScalpingParameters) -> OpinionColumns:
    """The heavier side at every candle whose book is known; none elsewhere."""
    return silent_before(
        _opine(candles, _measure(candles, parameters), parameters), warm_up(parameters)
    )


def signal(view: MarketView, parameters: ScalpingParameters, held: Direction) -> Signal:
    """The heavier side, flat when the book leans against `held`, else no opinion."""
    candles = recent_candles(view, Timeframe.M1, TIMEFRAMES[Timeframe.M1])
    if len(candles) < warm_up(parameters):
        return wait_for_candles(len(candles), warm_up(parameters), Timeframe.M1)

    measures = _measure(candles, parameters)
    now = _opine(candles, measures, parameters).row(-1)
    imbalance, spread = candles.book_imbalance[-1], candles.book_spread[-1]
    if math.isnan(imbalance):
        return hold("this market shows no order book, and scalping reads it")
    words = (
        f"book imbalance {imbalance:+.2f}, spread {spread * 1e4:.1f} bps, "
        f"close {candles.closes[-1]:.6g}, EMA {measures.average[-1]:.6g}"
    )
    return speak(
        view,
        now,
        held,
        enters=f"{'bids' if now.side is Direction.LONG else 'asks'} outweigh: {words}",
        leaves=f"the book leans against the position: {words}",
        waits=f"book and price do not agree: {words}",
    )


def _measure(candles: RecentCandles, parameters: ScalpingParameters) -> _Measures:
    return _Measures(
        average=ema(candles.closes, parameters.ema_period),
        reach=atr(candles.highs, candles.lows, candles.closes, parameters.atr_period),
    )


def _opine(
    candles: RecentCandles, now: _Measures, parameters: ScalpingParameters
) -> OpinionColumns:
    closes, imbalance = candles.closes, candles.book_imbalance
    is_narrow = candles.book_spread <= parameters.max_spread_ratio
    distance = np.maximum(parameters.stop_atr * now.reach, parameters.min_stop_ratio * closes)
    stop, target = levels_around(
        closes, imbalance > 0.0, stop=distance, target=parameters.reward * distance
    )
    return opine(
        enter_long=(imbalance >= parameters.imbalance_entry) & (closes > now.average) & is_narrow,
        enter_short=(imbalance <= -parameters.imbalance_entry) & (closes < now.average) & is_narrow,
        leave_long=imbalance <= -parameters.imbalance_exit,
        leave_short=imbalance >= parameters.imbalance_exit,
        stop=stop,
        target=target,
        confidence=compute_confidence(
            np.abs(imbalance), threshold=parameters.imbalance_entry, certain=CERTAIN_IMBALANCE
        ),
    )
