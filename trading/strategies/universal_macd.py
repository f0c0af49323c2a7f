"""Universal MACD: follow the MACD of the price as a ratio, so that one setting fits every price level.

Reads 15m candles. The line is fast EMA over slow EMA minus 1. Long while it is above `entry_ratio`
and above its own signal line, short while it is below both mirrored; a line that changes its sign
ends the position.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trading.candles import FloatArray
from trading.indicators.trend import average_warm_up, ema, macd_warm_up
from trading.indicators.volatility import atr, atr_warm_up
from trading.market import MarketView
from trading.positions import Direction
from trading.signals import Signal
from trading.strategies.columns import OpinionColumns, levels_around, opine, silent_before
from trading.strategies.confidence import compute_confidence
from trading.strategies.opinions import speak, wait_for_candles
from trading.strategies.parameters import ranged, require_below, require_ranges
from trading.strategies.recent_candles import RecentCandles, recent_candles
from trading.timeframes import Timeframe

TIMEFRAMES = {Timeframe.M15: 360}
"""Candles read: three times the longest slow period, so that the seed of the EMA has faded."""
CERTAIN_MULTIPLE = 4.0
"""A line this many times `entry_ratio` counts as certain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UniversalMacdParameters:
    """Periods are in 15m candles, distances in ATR."""

    fast_period: int = ranged(12, low=2, high=60)
    slow_period: int = ranged(26, low=3, high=120)
    """Must be above `fast_period`."""
    signal_period: int = ranged(9, low=2, high=60)
    entry_ratio: float = ranged(0.0015, low=0.0001, high=0.05)
    """Smallest distance of the averages over the slow one at which a position is opened."""
    atr_period: int = ranged(14, low=2, high=120)
    stop_atr: float = ranged(4.0, low=0.5, high=30.0)
    target_atr: float = ranged(10.0, low=0.5, high=60.0)

    def __post_init__(self) -> None:
        require_ranges(self)
        require_below(self, "fast_period", "slow_period")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measures:
    line: FloatArray
    """Ratio."""
    signal: FloatArray
    reach: FloatArray


def warm_up(parameters: UniversalMacdParameters) -> int:
    """15m candles needed before the first opinion."""
    return max(
        average_warm_up(parameters.slow_period),
        macd_warm_up(parameters.slow_period, parameters.signal_period),
        atr_warm_up(parameters.atr_period),
    )


def opinions(candles: RecentCandles, parameters: UniversalMacdParameters) -> OpinionColumns:
    """The side of the line at every candle; a change of its sign ends a position."""
    return silent_before(
        _opine(candles, _measure(candles, parameters), parameters), warm_up(parameters)
    )


def signal(view: MarketView, parameters: UniversalMacdParameters, held: Direction) -> Signal:
    """The side of the line, flat when its sign turned against `held`, else no opinion."""
    candles = recent_candles(view, Timeframe.M15, TIMEFRAMES[Timeframe.M15])
    if len(candles) < warm_up(parameters):
        return wait_for_candles(len(candles), warm_up(parameters), Timeframe.M15)

    measures = _measure(candles, parameters)
    now = _opine(candles, measures, parameters).row(-1)
    words = (
        f"close {candles.closes[-1]:.6g}, line {measures.line[-1]:+.5f}, "
        f"signal {measures.signal[-1]:+.5f}"
    )
    return speak(
        view,
        now,
        held,
        enters=f"momentum {'up' if now.side is Direction.LONG else 'down'}: {words}",
        leaves=f"the line changed its sign against the position: {words}",
        waits=f"no momentum (entry from {parameters.entry_ratio:g}): {words}",
    )


def _measure(candles: RecentCandles, parameters: UniversalMacdParameters) -> _Measures:
    line = (
        ema(candles.closes, parameters.fast_period) / ema(candles.closes, parameters.slow_period)
        - 1.0
    )
    return _Measures(
        line=line,
        signal=ema(line, parameters.signal_period),
        reach=atr(candles.highs, candles.lows, candles.closes, parameters.atr_period),
    )


def _opine(
    candles: RecentCandles, now: _Measures, parameters: UniversalMacdParameters
) -> OpinionColumns:
    stop, target = levels_around(
        candles.closes,
        now.line > 0.0,
        stop=parameters.stop_atr * now.reach,
        target=parameters.target_atr * now.reach,
    )
    return opine(
        enter_long=(now.line >= parameters.entry_ratio) & (now.line > now.signal),
        enter_short=(now.line <= -parameters.entry_ratio) & (now.line < now.signal),
        leave_long=now.line <= 0.0,
        leave_short=now.line >= 0.0,
        stop=stop,
        target=target,
        confidence=compute_confidence(
            np.abs(now.line),
            threshold=parameters.entry_ratio,
            certain=CERTAIN_MULTIPLE * parameters.entry_ratio,
        ),
    )
