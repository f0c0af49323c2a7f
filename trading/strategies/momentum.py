"""Momentum: be on the side of the crossed averages while ADX says that there is a trend.

Reads 5m candles. Long while the fast EMA is above the slow one, short while it is below, entered
only at or above `adx_entry`. A cross against the position ends it even in a weak trend.
"""

from __future__ import annotations

from dataclasses import dataclass

from trading.errors import InvalidRecord
from trading.indicators.trend import adx, adx_warm_up, average_warm_up, ema
from trading.indicators.volatility import atr, atr_warm_up
from trading.market import MarketView
from trading.positions import Direction
from trading.signals import Signal, hold
from trading.strategies.confidence import compute_confidence
from trading.strategies.opinions import enter, leave, wait_for_candles
from trading.strategies.parameters import ranged, require_ranges
from trading.strategies.recent_candles import recent_candles
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
        if self.fast_period >= self.slow_period:
            raise InvalidRecord(
                f"parameter fast_period is {self.fast_period}, "
                f"allowed is below slow_period ({self.slow_period})"
            )


def warm_up(parameters: MomentumParameters) -> int:
    """5m candles needed before the first opinion."""
    return max(
        average_warm_up(parameters.slow_period),
        adx_warm_up(parameters.adx_period),
        atr_warm_up(parameters.atr_period),
    )


def signal(view: MarketView, parameters: MomentumParameters, held: Direction) -> Signal:
    """The side of the trend, flat when it turned against `held`, else no opinion."""
    candles = recent_candles(view, Timeframe.M5, TIMEFRAMES[Timeframe.M5])
    if len(candles) < warm_up(parameters):
        return wait_for_candles(len(candles), warm_up(parameters), Timeframe.M5)

    columns = (candles.highs, candles.lows, candles.closes)
    price = float(candles.closes[-1])
    fast = float(ema(candles.closes, parameters.fast_period)[-1])
    slow = float(ema(candles.closes, parameters.slow_period)[-1])
    strength = float(adx(*columns, parameters.adx_period)[-1])
    reach = float(atr(*columns, parameters.atr_period)[-1])
    words = f"close {price:.6g}, fast EMA {fast:.6g}, slow EMA {slow:.6g}, ADX {strength:.1f}"

    side = _side(fast, slow)
    if strength < parameters.adx_entry or side is Direction.FLAT:
        if (fast - slow) * held.sign < 0.0:
            return leave(f"averages crossed against the position: {words}")
        return hold(f"no trend (entry from ADX {parameters.adx_entry:g}): {words}")

    return enter(
        view,
        side,
        stop=price - side.sign * parameters.stop_atr * reach,
        target=price + side.sign * parameters.target_atr * reach,
        confidence=compute_confidence(
            strength, threshold=parameters.adx_entry, certain=CERTAIN_ADX
        ),
        reason=f"trend {'up' if side is Direction.LONG else 'down'}: {words}",
    )


def _side(fast: float, slow: float) -> Direction:
    if fast == slow:
        return Direction.FLAT
    return Direction.LONG if fast > slow else Direction.SHORT
