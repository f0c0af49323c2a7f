"""Grid: hold one more part of the size for each level that the price is away from its centre.

Reads 1h candles. The centre rolls (simple mean of closes), levels lie `spacing_atr` ATR apart on
both sides. At the k-th level under the centre the signal is long with weight k/n, above it short;
at the centre everything is given back. Beyond the last level plus one the range is broken: flat.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from trading.candles import FloatArray
from trading.indicators.trend import average_warm_up, sma
from trading.indicators.volatility import atr, atr_warm_up
from trading.market import MarketView
from trading.positions import Direction
from trading.signals import Signal
from trading.strategies.columns import BoolArray, OpinionColumns, opine, silent_before
from trading.strategies.opinions import speak, wait_for_candles
from trading.strategies.parameters import ranged, require_ranges
from trading.strategies.recent_candles import RecentCandles, recent_candles
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measures:
    centre: FloatArray
    spacing: FloatArray
    """Price units between two levels."""
    away: FloatArray
    """Levels from the centre down to the close; above the centre it is negative."""
    is_broken: BoolArray


def warm_up(parameters: GridParameters) -> int:
    """1h candles needed before the first opinion."""
    return max(average_warm_up(parameters.centre_period), atr_warm_up(parameters.atr_period))


def opinions(candles: RecentCandles, parameters: GridParameters) -> OpinionColumns:
    """The part of the size that the price's level asks for, at every candle."""
    return silent_before(_opine(_measure(candles, parameters), parameters), warm_up(parameters))


def signal(view: MarketView, parameters: GridParameters, held: Direction) -> Signal:
    """The part of the size that the price's level asks for, flat at the centre or out of range."""
    candles = recent_candles(view, Timeframe.H1, TIMEFRAMES[Timeframe.H1])
    if len(candles) < warm_up(parameters):
        return wait_for_candles(len(candles), warm_up(parameters), Timeframe.H1)

    measures = _measure(candles, parameters)
    now = _opine(measures, parameters).row(-1)
    words = (
        f"close {candles.closes[-1]:.6g}, centre {measures.centre[-1]:.6g}, "
        f"{abs(measures.away[-1]):.2f} levels of {measures.spacing[-1]:.6g} away"
    )
    level = round((now.level or 0.0) * parameters.levels) if now.side is not Direction.FLAT else 0
    broken = "range is broken" if measures.is_broken[-1] else ""
    return speak(
        view,
        now,
        held,
        enters=f"level {level} of {parameters.levels}: {words}",
        leaves=f"{broken or 'back at the centre'}: {words}",
        waits=f"{broken or 'before the first level'}: {words}",
    )


def _measure(candles: RecentCandles, parameters: GridParameters) -> _Measures:
    centre = sma(candles.closes, parameters.centre_period)
    spacing = parameters.spacing_atr * atr(
        candles.highs, candles.lows, candles.closes, parameters.atr_period
    )
    away = np.where(np.isnan(spacing), np.nan, 0.0)
    np.divide(centre - candles.closes, spacing, out=away, where=spacing > 0.0)
    return _Measures(
        centre=centre,
        spacing=spacing,
        away=away,
        is_broken=np.abs(away) >= parameters.levels + 1,
    )


def _opine(now: _Measures, parameters: GridParameters) -> OpinionColumns:
    is_inside = (np.abs(now.away) >= 1.0) & ~now.is_broken
    is_low = now.away > 0.0
    sign = np.where(is_low, 1.0, -1.0)
    level = np.minimum(np.floor(np.abs(now.away)), parameters.levels)
    columns = opine(
        enter_long=is_inside & is_low,
        enter_short=is_inside & ~is_low,
        leave_long=now.is_broken | (now.away <= 0.0),
        leave_short=now.is_broken | (now.away >= 0.0),
        stop=now.centre - sign * (parameters.levels + LEVELS_TO_STOP) * now.spacing,
        target=now.centre,
        confidence=np.full(now.centre.size, parameters.confidence),
        level=level / parameters.levels,
    )
    return replace(columns, leave_first=True)
