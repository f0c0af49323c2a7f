"""Keltner: go with a close that breaks out of a channel which already leans that way.

Reads 15m candles. The channel is an average price and `band_atr` ATR on both sides of it. Falling
back through the middle ends the idea; the stop is the channel's other side, the target a multiple
of that way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trading.candles import FloatArray
from trading.indicators.channels import Channel, keltner, keltner_warm_up
from trading.market import MarketView
from trading.positions import Direction
from trading.signals import Signal
from trading.strategies.columns import OpinionColumns, levels_around, opine, silent_before
from trading.strategies.confidence import compute_confidence
from trading.strategies.opinions import speak, wait_for_candles
from trading.strategies.parameters import ranged, require_ranges
from trading.strategies.recent_candles import RecentCandles, recent_candles
from trading.timeframes import Timeframe

TIMEFRAMES = {Timeframe.M15: 240}
"""Candles read: more than twice the longest period, so that the seeds of EMA and ATR fade."""
CERTAIN_EXCESS = 1.0
"""Distance past the band, in half channels, from which a breakout counts as certain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeltnerParameters:
    """Periods are in 15m candles."""

    channel_period: int = ranged(20, low=3, high=100)
    atr_period: int = ranged(10, low=2, high=100)
    band_atr: float = ranged(2.0, low=0.5, high=6.0)
    """Distance of the bands from the middle, in ATR."""
    slope_candles: int = ranged(5, low=1, high=48)
    """The middle must have risen (long) or fallen (short) against this many candles ago."""
    target_ratio: float = ranged(2.0, low=0.5, high=10.0)
    """Way to the target over the way to the stop."""

    def __post_init__(self) -> None:
        require_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measures:
    channel: Channel
    slope: FloatArray
    """What the middle has moved in `slope_candles`, price units."""


def warm_up(parameters: KeltnerParameters) -> int:
    """15m candles needed before the first opinion."""
    return (
        keltner_warm_up(parameters.channel_period, parameters.atr_period) + parameters.slope_candles
    )


def opinions(candles: RecentCandles, parameters: KeltnerParameters) -> OpinionColumns:
    """The side of a breakout at every candle; the middle of the channel ends a position."""
    return silent_before(
        _opine(candles, _measure(candles, parameters), parameters), warm_up(parameters)
    )


def signal(view: MarketView, parameters: KeltnerParameters, held: Direction) -> Signal:
    """The side of the breakout, flat when `held` fell back through the middle, else no opinion."""
    candles = recent_candles(view, Timeframe.M15, TIMEFRAMES[Timeframe.M15])
    if len(candles) < warm_up(parameters):
        return wait_for_candles(len(candles), warm_up(parameters), Timeframe.M15)

    measures = _measure(candles, parameters)
    now = _opine(candles, measures, parameters).row(-1)
    channel = measures.channel
    words = (
        f"close {candles.closes[-1]:.6g}, "
        f"channel {channel.lower[-1]:.6g} / {channel.middle[-1]:.6g} / {channel.upper[-1]:.6g}, "
        f"middle moved {measures.slope[-1]:+.6g} in {parameters.slope_candles} candles"
    )
    return speak(
        view,
        now,
        held,
        enters=f"breakout {'up' if now.side is Direction.LONG else 'down'}: {words}",
        leaves=f"back through the middle of the channel: {words}",
        waits=f"no breakout with the channel's slope: {words}",
    )


def _measure(candles: RecentCandles, parameters: KeltnerParameters) -> _Measures:
    channel = keltner(
        candles.highs,
        candles.lows,
        candles.closes,
        period=parameters.channel_period,
        atr_period=parameters.atr_period,
        multiple=parameters.band_atr,
    )
    slope = np.full(len(candles), np.nan)
    back = parameters.slope_candles
    slope[back:] = channel.middle[back:] - channel.middle[:-back]
    return _Measures(channel=channel, slope=slope)


def _opine(candles: RecentCandles, now: _Measures, parameters: KeltnerParameters) -> OpinionColumns:
    closes, channel = candles.closes, now.channel
    above, below = closes > channel.upper, closes < channel.lower
    half = channel.upper - channel.middle
    excess = np.zeros(len(candles))
    np.divide(np.abs(closes - channel.middle) - half, half, out=excess, where=half > 0.0)
    way = np.where(above, closes - channel.lower, channel.upper - closes)
    stop, target = levels_around(closes, above, stop=way, target=parameters.target_ratio * way)
    return opine(
        enter_long=above & (now.slope > 0.0),
        enter_short=below & (now.slope < 0.0),
        leave_long=closes < channel.middle,
        leave_short=closes > channel.middle,
        stop=stop,
        target=target,
        confidence=compute_confidence(excess, threshold=0.0, certain=CERTAIN_EXCESS),
    )
