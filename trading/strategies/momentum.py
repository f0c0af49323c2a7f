"""Momentum: be on the side of the crossed averages while ADX says that there is a trend.

Reads 5m candles. Long while the fast EMA is above the slow one, short while it is below, entered
only at or above `adx_entry`. A cross against the position ends it even in a weak trend.
"""

from __future__ import annotations

from dataclasses import dataclass

from trading.candles import FloatArray
from trading.indicators.trend import adx, adx_warm_up, average_warm_up, ema
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

TIMEFRAMES = {Timeframe.M5: 360}
"""Candles read: three times the longest slow period, so that the seed of the EMA has faded."""
CERTAIN_ADX = 50.0
"""Reading from which a trend counts as very strong (Wilder's own scale)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentumParameters:
    """Periods are in 5m candles, distances in ATR."""

    fast_period: int = ranged(24, low=2, high=60)
    slow_period: int = ranged(72, low=3, high=120)
    """Must be above `fast_period`."""
    adx_period: int = ranged(14, low=5, high=60)
    adx_entry: float = ranged(25.0, low=0.0, high=60.0)
    """Smallest ADX (0..100) at which a position is opened."""
    atr_period: int = ranged(14, low=2, high=120)
    stop_atr: float = ranged(6.0, low=0.5, high=30.0)
    target_atr: float = ranged(15.0, low=0.5, high=60.0)

    def __post_init__(self) -> None:
        require_ranges(self)
        require_below(self, "fast_period", "slow_period")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measures:
    fast: FloatArray
    slow: FloatArray
    strength: FloatArray
    reach: FloatArray


def warm_up(parameters: MomentumParameters) -> int:
    """5m candles needed before the first opinion."""
    return max(
        average_warm_up(parameters.slow_period),
        adx_warm_up(parameters.adx_period),
        atr_warm_up(parameters.atr_period),
    )


def opinions(candles: RecentCandles, parameters: MomentumParameters) -> OpinionColumns:
    """The side of the trend at every candle; a cross against a position ends it."""
    return silent_before(
        _opine(candles, _measure(candles, parameters), parameters), warm_up(parameters)
    )


def signal(view: MarketView, parameters: MomentumParameters, held: Direction) -> Signal:
    """The side of the trend, flat when it turned against `held`, else no opinion."""
    candles = recent_candles(view, Timeframe.M5, TIMEFRAMES[Timeframe.M5])
    if len(candles) < warm_up(parameters):
        return wait_for_candles(len(candles), warm_up(parameters), Timeframe.M5)

    measures = _measure(candles, parameters)
    now = _opine(candles, measures, parameters).row(-1)
    words = (
        f"close {candles.closes[-1]:.6g}, fast EMA {measures.fast[-1]:.6g}, "
        f"slow EMA {measures.slow[-1]:.6g}, ADX {measures.strength[-1]:.1f}"
    )
    return speak(
        view,
        now,
        held,
        enters=f"trend {'up' if now.side is Direction.LONG else 'down'}: {words}",
        leaves=f"averages crossed against the position: {words}",
        waits=f"no trend (entry from ADX {parameters.adx_entry:g}): {words}",
    )


def _measure(candles: RecentCandles, parameters: MomentumParameters) -> _Measures:
    columns = (candles.highs, candles.lows, candles.closes)
    return _Measures(
        fast=ema(candles.closes, parameters.fast_period),
        slow=ema(candles.closes, parameters.slow_period),
        strength=adx(*columns, parameters.adx_period),
        reach=atr(*columns, parameters.atr_period),
    )


def _opine(
    candles: RecentCandles, now: _Measures, parameters: MomentumParameters
) -> OpinionColumns:
    up, down = now.fast > now.slow, now.fast < now.slow
    is_trend = now.strength >= parameters.adx_entry
    stop, target = levels_around(
        candles.closes,
        up,
        stop=parameters.stop_atr * now.reach,
        target=parameters.target_atr * now.reach,
    )
    return opine(
        enter_long=up & is_trend,
        enter_short=down & is_trend,
        leave_long=down,
        leave_short=up,
        stop=stop,
        target=target,
        confidence=compute_confidence(
            now.strength, threshold=parameters.adx_entry, certain=CERTAIN_ADX
        ),
    )
