"""Multi SuperTrend: enter only when three SuperTrends of different width say the same.

Reads 15m candles. All three up is long, all three down is short; a position ends when two of the
three have turned against it. The widest line is the stop, as SuperTrend means it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trading.candles import FloatArray
from trading.indicators.channels import supertrend, supertrend_warm_up
from trading.indicators.volatility import atr, atr_warm_up
from trading.market import MarketView
from trading.positions import Direction
from trading.signals import Signal
from trading.strategies.columns import OpinionColumns, levels_around, opine, silent_before
from trading.strategies.confidence import compute_confidence
from trading.strategies.opinions import speak, wait_for_candles
from trading.strategies.parameters import ranged, require_ranges
from trading.strategies.recent_candles import RecentCandles, recent_candles
from trading.timeframes import Timeframe

TIMEFRAMES = {Timeframe.M15: 400}
"""Candles read: each SuperTrend starts as if the trend were up and is right from its first turn on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiSupertrendParameters:
    """Periods are in 15m candles, multiples in ATR of that period."""

    narrow_period: int = ranged(10, low=2, high=100)
    narrow_multiple: float = ranged(1.5, low=0.5, high=10.0)
    middle_period: int = ranged(11, low=2, high=100)
    middle_multiple: float = ranged(3.0, low=0.5, high=10.0)
    wide_period: int = ranged(12, low=2, high=100)
    wide_multiple: float = ranged(4.5, low=0.5, high=10.0)
    """The stop lies on this one."""
    min_stop_atr: float = ranged(1.5, low=0.1, high=10.0)
    """Smallest distance of the stop in ATR of the wide period."""
    reward: float = ranged(2.0, low=0.5, high=10.0)
    """Distance of the target over that of the stop."""

    def __post_init__(self) -> None:
        require_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measures:
    votes: FloatArray
    """Sum of the three trends, -3..3; NaN while one of them is unknown."""
    stop_distance: FloatArray
    reach: FloatArray


def warm_up(parameters: MultiSupertrendParameters) -> int:
    """15m candles needed before the first opinion."""
    return max(
        supertrend_warm_up(parameters.narrow_period),
        supertrend_warm_up(parameters.middle_period),
        supertrend_warm_up(parameters.wide_period),
        atr_warm_up(parameters.wide_period),
    )


def opinions(candles: RecentCandles, parameters: MultiSupertrendParameters) -> OpinionColumns:
    """The side on which all three agree, at every candle."""
    return silent_before(
        _opine(candles, _measure(candles, parameters), parameters), warm_up(parameters)
    )


def signal(view: MarketView, parameters: MultiSupertrendParameters, held: Direction) -> Signal:
    """The side on which all agree, flat when two turned against `held`, else no opinion."""
    candles = recent_candles(view, Timeframe.M15, TIMEFRAMES[Timeframe.M15])
    if len(candles) < warm_up(parameters):
        return wait_for_candles(len(candles), warm_up(parameters), Timeframe.M15)

    measures = _measure(candles, parameters)
    now = _opine(candles, measures, parameters).row(-1)
    ups = round((3.0 + measures.votes[-1]) / 2.0)
    words = (
        f"{ups} of 3 SuperTrends are up, close {candles.closes[-1]:.6g}, "
        f"stop distance {measures.stop_distance[-1]:.6g}"
    )
    return speak(
        view,
        now,
        held,
        enters=f"trend {'up' if now.side is Direction.LONG else 'down'}: {words}",
        leaves=f"most have turned against the position: {words}",
        waits=f"they do not agree: {words}",
    )


def _measure(candles: RecentCandles, parameters: MultiSupertrendParameters) -> _Measures:
    columns = (candles.highs, candles.lows, candles.closes)
    narrow, middle, wide = (
        supertrend(*columns, period=period, multiple=multiple)
        for period, multiple in (
            (parameters.narrow_period, parameters.narrow_multiple),
            (parameters.middle_period, parameters.middle_multiple),
            (parameters.wide_period, parameters.wide_multiple),
        )
    )
    reach = atr(*columns, parameters.wide_period)
    return _Measures(
        votes=narrow.trend + middle.trend + wide.trend,
        stop_distance=np.maximum(
            np.abs(candles.closes - wide.line), parameters.min_stop_atr * reach
        ),
        reach=reach,
    )


def _opine(
    candles: RecentCandles, now: _Measures, parameters: MultiSupertrendParameters
) -> OpinionColumns:
    distance = now.stop_distance
    stop, target = levels_around(
        candles.closes, now.votes > 0.0, stop=distance, target=parameters.reward * distance
    )
    return opine(
        enter_long=now.votes == 3.0,
        enter_short=now.votes == -3.0,
        leave_long=now.votes < 0.0,
        leave_short=now.votes > 0.0,
        stop=stop,
        target=target,
        # The further the widest line lies behind, the clearer the trend.
        confidence=compute_confidence(
            distance,
            threshold=parameters.min_stop_atr * now.reach,
            certain=2.0 * parameters.wide_multiple * now.reach,
        ),
    )
