"""Ichimoku: be on the side on which all of Hosoda's lines agree, outside the cloud.

Reads 15m candles. Long needs five things: the close above the cloud, above the base line and above
the close `displacement` candles ago, conversion above base, and a cloud that is drawn bullish ahead.
The cloud at a candle was drawn `displacement` candles before it and the one ahead is computed from
candles up to now: no line looks into the future.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trading.candles import FloatArray
from trading.indicators.channels import Ichimoku, ichimoku, ichimoku_warm_up
from trading.indicators.volatility import atr, atr_warm_up
from trading.market import MarketView
from trading.positions import Direction
from trading.signals import Signal
from trading.strategies.columns import (
    BoolArray,
    OpinionColumns,
    levels_around,
    opine,
    silent_before,
)
from trading.strategies.confidence import compute_confidence
from trading.strategies.opinions import speak, wait_for_candles
from trading.strategies.parameters import ranged, require_below, require_ranges
from trading.strategies.recent_candles import RecentCandles, recent_candles
from trading.timeframes import Timeframe

TIMEFRAMES = {Timeframe.M15: 240}
"""Candles read: the lines need no more than the warm-up, the ATR smooths over the whole run."""
CERTAIN_DISTANCE = 6.0
"""Distance from the cloud, in ATR, at which a trend counts as certain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IchimokuParameters:
    """Periods are in 15m candles; defaults are Hosoda's. Must ascend: conversion, base, span."""

    conversion_period: int = ranged(9, low=2, high=60)
    base_period: int = ranged(26, low=3, high=100)
    span_period: int = ranged(52, low=4, high=120)
    displacement: int = ranged(26, low=1, high=60)
    """How far the cloud is drawn ahead, and how old the close is that now is compared with."""
    atr_period: int = ranged(14, low=2, high=100)
    stop_atr: float = ranged(1.5, low=0.5, high=10.0)
    """Distance of the stop beyond the base line, in ATR."""
    target_ratio: float = ranged(2.0, low=0.5, high=10.0)
    """Way to the target over the way to the stop."""

    def __post_init__(self) -> None:
        require_ranges(self)
        require_below(self, "conversion_period", "base_period")
        require_below(self, "base_period", "span_period")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measures:
    lines: Ichimoku
    top: FloatArray
    """Upper edge of the cloud that was drawn for the candle."""
    bottom: FloatArray
    past: FloatArray
    """The close `displacement` candles before: what the lagging span would be compared with."""
    reach: FloatArray


def warm_up(parameters: IchimokuParameters) -> int:
    """15m candles needed before the first opinion."""
    return max(
        ichimoku_warm_up(
            parameters.conversion_period,
            parameters.base_period,
            parameters.span_period,
            parameters.displacement,
        ),
        atr_warm_up(parameters.atr_period),
    )


def opinions(candles: RecentCandles, parameters: IchimokuParameters) -> OpinionColumns:
    """The side on which all lines agree at every candle."""
    return silent_before(
        _opine(candles, _measure(candles, parameters), parameters), warm_up(parameters)
    )


def signal(view: MarketView, parameters: IchimokuParameters, held: Direction) -> Signal:
    """The side of the lines, flat when they turned against `held`, else no opinion."""
    candles = recent_candles(view, Timeframe.M15, TIMEFRAMES[Timeframe.M15])
    if len(candles) < warm_up(parameters):
        return wait_for_candles(len(candles), warm_up(parameters), Timeframe.M15)

    measures = _measure(candles, parameters)
    now = _opine(candles, measures, parameters).row(-1)
    lines = measures.lines
    words = (
        f"close {candles.closes[-1]:.6g} ({measures.past[-1]:.6g} {parameters.displacement} candles "
        f"ago), cloud {measures.bottom[-1]:.6g} to {measures.top[-1]:.6g}, conversion "
        f"{lines.conversion[-1]:.6g}, base {lines.base[-1]:.6g}, "
        f"ahead {lines.ahead_a[-1]:.6g} / {lines.ahead_b[-1]:.6g}"
    )
    where = "above" if now.side is Direction.LONG else "below"
    return speak(
        view,
        now,
        held,
        enters=f"all lines agree {where} the cloud: {words}",
        leaves=f"the lines have turned against the position: {words}",
        waits=f"the lines do not agree: {words}",
    )


def _measure(candles: RecentCandles, parameters: IchimokuParameters) -> _Measures:
    lines = ichimoku(
        candles.highs,
        candles.lows,
        conversion_period=parameters.conversion_period,
        base_period=parameters.base_period,
        span_period=parameters.span_period,
        displacement=parameters.displacement,
    )
    back = parameters.displacement
    past = np.full(len(candles), np.nan)
    past[back:] = candles.closes[:-back]
    return _Measures(
        lines=lines,
        top=np.maximum(lines.span_a, lines.span_b),
        bottom=np.minimum(lines.span_a, lines.span_b),
        past=past,
        reach=atr(candles.highs, candles.lows, candles.closes, parameters.atr_period),
    )


def _opine(
    candles: RecentCandles, now: _Measures, parameters: IchimokuParameters
) -> OpinionColumns:
    closes, base = candles.closes, now.lines.base
    up, down = _agree(closes, now)
    way = np.abs(closes - base) + parameters.stop_atr * now.reach
    stop, target = levels_around(closes, up, stop=way, target=parameters.target_ratio * way)
    outside = np.zeros(len(candles))
    distance = np.where(up, closes - now.top, now.bottom - closes)
    np.divide(distance, now.reach, out=outside, where=now.reach > 0.0)
    conversion = now.lines.conversion
    return opine(
        enter_long=up,
        enter_short=down,
        leave_long=((closes < base) & (conversion < base)) | (closes < now.bottom),
        leave_short=((closes > base) & (conversion > base)) | (closes > now.top),
        stop=stop,
        target=target,
        confidence=compute_confidence(outside, threshold=0.0, certain=CERTAIN_DISTANCE),
    )


def _agree(closes: FloatArray, now: _Measures) -> tuple[BoolArray, BoolArray]:
    """Where everything speaks for long, and where everything speaks for short."""
    lines = now.lines
    up = (closes > now.top) & (closes > lines.base) & (closes > now.past)
    down = (closes < now.bottom) & (closes < lines.base) & (closes < now.past)
    return (
        up & (lines.conversion > lines.base) & (lines.ahead_a > lines.ahead_b),
        down & (lines.conversion < lines.base) & (lines.ahead_a < lines.ahead_b),
    )
