"""Volatility system: ride breakouts of several ATR, and add to the position with each further one.

Reads 15m candles. A breakout is a close that moved more than `breakout_atr` ATR in one candle,
beyond every close of the `campaign_candles` before it. Each holds one part of `parts`: the next one
lies beyond the last by definition, so a winner grows and nothing is ever averaged down. A fall of
`trail_atr` ATR from the best close, the other side's breakout, or no new one in time ends it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from trading.candles import FloatArray
from trading.indicators.channels import donchian
from trading.indicators.volatility import atr, atr_warm_up
from trading.market import MarketView
from trading.positions import Direction
from trading.signals import Signal
from trading.strategies.columns import BoolArray, OpinionColumns, opine, silent_before
from trading.strategies.events import CountArray, candles_since
from trading.strategies.opinions import speak, wait_for_candles
from trading.strategies.parameters import ranged, require_ranges
from trading.strategies.recent_candles import RecentCandles, recent_candles
from trading.timeframes import Timeframe

TIMEFRAMES = {Timeframe.M15: 240}
"""Candles read: more than the longest warm-up, so that the seed of the ATR has faded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolatilitySystemParameters:
    """Periods are in 15m candles, distances in ATR."""

    atr_period: int = ranged(14, low=2, high=100)
    breakout_atr: float = ranged(1.5, low=0.5, high=5.0)
    """Smallest move of one close to the next, in the ATR known before it."""
    campaign_candles: int = ranged(48, low=4, high=96)
    """A breakout counts this long, and must lie beyond the closes of as many before it."""
    parts: int = ranged(3, low=1, high=10)
    """Breakouts to the full size; each holds 1/parts of it, further ones add nothing."""
    trail_atr: float = ranged(3.0, low=0.5, high=10.0)
    """Distance of the stop from the best close."""
    target_atr: float = ranged(12.0, low=0.5, high=60.0)
    confidence: float = ranged(0.9, low=0.0, high=1.0)
    """Constant, because the steps make the size: a surer reading must not add between them."""

    def __post_init__(self) -> None:
        require_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measures:
    top: FloatArray
    """Highest close of the last `campaign_candles`."""
    bottom: FloatArray
    reach: FloatArray
    long_steps: CountArray
    """Breakouts that count, of a campaign that is alive; 0 without one. Never both sides."""
    short_steps: CountArray


def warm_up(parameters: VolatilitySystemParameters) -> int:
    """15m candles needed before the first opinion: the oldest breakout that counts is complete."""
    length = parameters.campaign_candles
    return length + max(length, atr_warm_up(parameters.atr_period))


def opinions(candles: RecentCandles, parameters: VolatilitySystemParameters) -> OpinionColumns:
    """The side and the share of a campaign that is alive, at every candle."""
    return silent_before(
        _opine(candles, _measure(candles, parameters), parameters), warm_up(parameters)
    )


def signal(view: MarketView, parameters: VolatilitySystemParameters, held: Direction) -> Signal:
    """The parts that the campaign has earned, flat when it is over, else no opinion."""
    candles = recent_candles(view, Timeframe.M15, TIMEFRAMES[Timeframe.M15])
    if len(candles) < warm_up(parameters):
        return wait_for_candles(len(candles), warm_up(parameters), Timeframe.M15)

    measures = _measure(candles, parameters)
    now = _opine(candles, measures, parameters).row(-1)
    steps = int(max(measures.long_steps[-1], measures.short_steps[-1]))
    words = (
        f"close {candles.closes[-1]:.6g}, closes of the last {parameters.campaign_candles} candles "
        f"{measures.bottom[-1]:.6g} to {measures.top[-1]:.6g}, ATR {measures.reach[-1]:.6g}"
    )
    way = "up" if now.side is Direction.LONG else "down"
    return speak(
        view,
        now,
        held,
        enters=f"{steps} breakout(s) {way}, {min(steps, parameters.parts)} of "
        f"{parameters.parts} parts: {words}",
        leaves=f"the breakout has failed or run out: {words}",
        waits=f"no breakout of {parameters.breakout_atr:g} ATR is alive: {words}",
    )


def _measure(candles: RecentCandles, parameters: VolatilitySystemParameters) -> _Measures:
    closes, length = candles.closes, parameters.campaign_candles
    reach = atr(candles.highs, candles.lows, closes, parameters.atr_period)
    extremes = donchian(closes, closes, length)
    top, bottom = extremes.upper, extremes.lower
    move = closes - _before(closes)
    bar = parameters.breakout_atr * _before(reach)
    is_moving = bar > 0.0  # any move is endlessly many ATR of a market that stood still
    up = is_moving & (move > bar) & (closes > _before(top))
    down = is_moving & (-move > bar) & (closes < _before(bottom))
    trail = parameters.trail_atr * reach
    return _Measures(
        top=top,
        bottom=bottom,
        reach=reach,
        long_steps=_steps(up, down | (closes < top - trail), length),
        short_steps=_steps(down, up | (closes > bottom + trail), length),
    )


def _before(values: FloatArray) -> FloatArray:
    """What stood one candle earlier: that is known before the move is judged."""
    before = np.full(values.size, np.nan)
    before[1:] = values[:-1]
    return before


def _steps(breakout: BoolArray, ends: BoolArray, length: int) -> CountArray:
    """Breakouts among the last `length` candles, after the newest candle that ended a campaign."""
    total = np.concatenate(([0], np.cumsum(breakout, dtype=np.int64)))
    index = np.arange(breakout.size)
    span = np.minimum(candles_since(ends), length)
    return total[1:] - total[np.maximum(index + 1 - span, 0)]


def _opine(
    candles: RecentCandles, now: _Measures, parameters: VolatilitySystemParameters
) -> OpinionColumns:
    is_long = now.long_steps > 0
    sign = np.where(is_long, 1.0, -1.0)
    best = np.where(is_long, now.top, now.bottom)
    steps = np.maximum(now.long_steps, now.short_steps)
    columns = opine(
        enter_long=is_long,
        enter_short=now.short_steps > 0,
        leave_long=now.long_steps == 0,
        leave_short=now.short_steps == 0,
        stop=best - sign * parameters.trail_atr * now.reach,
        target=candles.closes + sign * parameters.target_atr * now.reach,
        confidence=np.full(candles.closes.size, parameters.confidence),
        level=np.minimum(steps, parameters.parts) / parameters.parts,
    )
    return replace(columns, adds_in_profit_only=True)
