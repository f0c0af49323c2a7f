"""ADX-SMA: enter when two simple averages have just crossed and ADX says that a trend is there.

Reads 15m candles. Where momentum is on a side as long as its averages are, this one takes the
crossing itself: a cross older than `fresh_candles` is missed and not run after. A cross back ends
the position, and so does a trend that has faded.
"""

from __future__ import annotations

from dataclasses import dataclass

from trading.candles import FloatArray
from trading.indicators.trend import adx, adx_warm_up, average_warm_up, sma
from trading.indicators.volatility import atr, atr_warm_up
from trading.market import MarketView
from trading.positions import Direction
from trading.signals import Signal
from trading.strategies.columns import OpinionColumns, levels_around, opine, silent_before
from trading.strategies.confidence import compute_confidence
from trading.strategies.events import CountArray, candles_since, crosses_above
from trading.strategies.opinions import speak, wait_for_candles
from trading.strategies.parameters import ranged, require_below, require_ranges
from trading.strategies.recent_candles import RecentCandles, recent_candles
from trading.timeframes import Timeframe

TIMEFRAMES = {Timeframe.M15: 240}
"""Candles read: twice the longest ADX warm-up, so that Wilder's seeds have faded."""
CERTAIN_ADX = 50.0
"""Reading from which a trend counts as very strong (Wilder's own scale)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdxSmaParameters:
    """Periods are in 15m candles, distances in ATR."""

    fast_period: int = ranged(8, low=2, high=60)
    slow_period: int = ranged(24, low=3, high=120)
    """Must be above `fast_period`."""
    fresh_candles: int = ranged(12, low=1, high=48)
    """A cross is an entry at its own candle and up to this many, its own included."""
    adx_period: int = ranged(14, low=5, high=60)
    adx_entry: float = ranged(25.0, low=0.0, high=60.0)
    """Smallest ADX (0..100) at which a position is opened."""
    adx_exit_share: float = ranged(0.6, low=0.0, high=1.0)
    """Below this share of `adx_entry` the trend is over; 0: only a cross back ends a position."""
    atr_period: int = ranged(14, low=2, high=100)
    stop_atr: float = ranged(4.0, low=0.5, high=30.0)
    target_atr: float = ranged(10.0, low=0.5, high=60.0)

    def __post_init__(self) -> None:
        require_ranges(self)
        require_below(self, "fast_period", "slow_period")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measures:
    fast: FloatArray
    slow: FloatArray
    age: CountArray
    """Candles since the averages crossed, either way."""
    strength: FloatArray
    reach: FloatArray


def warm_up(parameters: AdxSmaParameters) -> int:
    """15m candles needed before the first opinion."""
    return max(
        average_warm_up(parameters.slow_period) + 1,  # a cross needs the candle before it
        adx_warm_up(parameters.adx_period),
        atr_warm_up(parameters.atr_period),
    )


def opinions(candles: RecentCandles, parameters: AdxSmaParameters) -> OpinionColumns:
    """The side of a fresh cross in a trend at every candle."""
    return silent_before(
        _opine(candles, _measure(candles, parameters), parameters), warm_up(parameters)
    )


def signal(view: MarketView, parameters: AdxSmaParameters, held: Direction) -> Signal:
    """The side of a fresh cross, flat when it turned or the trend faded, else no opinion."""
    candles = recent_candles(view, Timeframe.M15, TIMEFRAMES[Timeframe.M15])
    if len(candles) < warm_up(parameters):
        return wait_for_candles(len(candles), warm_up(parameters), Timeframe.M15)

    measures = _measure(candles, parameters)
    now = _opine(candles, measures, parameters).row(-1)
    words = (
        f"close {candles.closes[-1]:.6g}, fast SMA {measures.fast[-1]:.6g}, "
        f"slow SMA {measures.slow[-1]:.6g}, {_age(int(measures.age[-1]), len(candles))}, "
        f"ADX {measures.strength[-1]:.1f}"
    )
    return speak(
        view,
        now,
        held,
        enters=f"averages crossed {'up' if now.side is Direction.LONG else 'down'}: {words}",
        leaves=f"averages crossed back or the trend has faded: {words}",
        waits=f"no fresh cross in a trend (entry from ADX {parameters.adx_entry:g}): {words}",
    )


def _measure(candles: RecentCandles, parameters: AdxSmaParameters) -> _Measures:
    columns = (candles.highs, candles.lows, candles.closes)
    fast = sma(candles.closes, parameters.fast_period)
    slow = sma(candles.closes, parameters.slow_period)
    return _Measures(
        fast=fast,
        slow=slow,
        age=candles_since(crosses_above(fast, slow) | crosses_above(slow, fast)),
        strength=adx(*columns, parameters.adx_period),
        reach=atr(*columns, parameters.atr_period),
    )


def _opine(candles: RecentCandles, now: _Measures, parameters: AdxSmaParameters) -> OpinionColumns:
    up, down = now.fast > now.slow, now.fast < now.slow
    enters = (now.age < parameters.fresh_candles) & (now.strength >= parameters.adx_entry)
    is_faded = now.strength < parameters.adx_exit_share * parameters.adx_entry
    stop, target = levels_around(
        candles.closes,
        up,
        stop=parameters.stop_atr * now.reach,
        target=parameters.target_atr * now.reach,
    )
    return opine(
        enter_long=up & enters,
        enter_short=down & enters,
        leave_long=down | is_faded,
        leave_short=up | is_faded,
        stop=stop,
        target=target,
        confidence=compute_confidence(
            now.strength, threshold=parameters.adx_entry, certain=CERTAIN_ADX
        ),
    )


def _age(candles: int, known: int) -> str:
    return f"crossed {candles} candle(s) ago" if candles < known else "no cross yet"
