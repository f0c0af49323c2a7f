"""Grid: hold one more part of the size for each level that the price is away from its centre.

Reads 1h candles. The centre rolls (simple mean of closes), levels lie `spacing_atr` ATR apart on
both sides. At the k-th level under the centre the signal is long with weight k/n, above it short;
at the centre everything is given back. Beyond the last level plus one the range is broken: flat.
"""

from __future__ import annotations

from dataclasses import dataclass

from trading.indicators.trend import average_warm_up, sma
from trading.indicators.volatility import atr, atr_warm_up
from trading.market import MarketView
from trading.positions import Direction
from trading.signals import Signal, hold
from trading.strategies.opinions import enter, leave, wait_for_candles
from trading.strategies.parameters import ranged, require_ranges
from trading.strategies.recent_candles import recent_candles
from trading.timeframes import Timeframe

TIMEFRAMES = {Timeframe.H1: 200}
"""Candles read; ATR smooths over the whole run."""
LEVELS_TO_STOP = 2
"""The stop lies this many levels beyond the last one: one level of room past a broken range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridParameters:
    """Periods are in 1h candles."""

    centre_period: int = ranged(24, low=4, high=168)
    atr_period: int = ranged(14, low=2, high=100)
    spacing_atr: float = ranged(0.75, low=0.1, high=5.0)
    """Distance between two levels in ATR."""
    levels: int = ranged(4, low=1, high=20)
    """n: levels on each side; each holds 1/n of the size."""
    confidence: float = ranged(0.8, low=0.0, high=1.0)
    """Constant, because a grid has no view of its own: it only scales the size."""

    def __post_init__(self) -> None:
        require_ranges(self)


def warm_up(parameters: GridParameters) -> int:
    """1h candles needed before the first opinion."""
    return max(average_warm_up(parameters.centre_period), atr_warm_up(parameters.atr_period))


def signal(view: MarketView, parameters: GridParameters, held: Direction) -> Signal:
    """The part of the size that the price's level asks for, flat at the centre or out of range."""
    candles = recent_candles(view, Timeframe.H1, TIMEFRAMES[Timeframe.H1])
    if len(candles) < warm_up(parameters):
        return wait_for_candles(len(candles), warm_up(parameters), Timeframe.H1)

    price = float(candles.closes[-1])
    centre = float(sma(candles.closes, parameters.centre_period)[-1])
    reach = float(atr(candles.highs, candles.lows, candles.closes, parameters.atr_period)[-1])
    spacing = parameters.spacing_atr * reach
    away = (centre - price) / spacing if spacing > 0.0 else 0.0
    words = f"close {price:.6g}, centre {centre:.6g}, {abs(away):.2f} levels of {spacing:.6g} away"

    is_broken = abs(away) >= parameters.levels + 1
    if held is not Direction.FLAT and (is_broken or away * held.sign <= 0.0):
        return leave(f"{'range is broken' if is_broken else 'back at the centre'}: {words}")
    if is_broken or abs(away) < 1.0:
        return hold(f"{'range is broken' if is_broken else 'before the first level'}: {words}")

    side = Direction.LONG if away > 0.0 else Direction.SHORT
    level = min(int(abs(away)), parameters.levels)
    return enter(
        view,
        side,
        stop=centre - side.sign * (parameters.levels + LEVELS_TO_STOP) * spacing,
        target=centre,
        confidence=parameters.confidence,
        reason=f"level {level} of {parameters.levels}: {words}",
        level=level / parameters.levels,
    )
