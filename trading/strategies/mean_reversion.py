"""Mean reversion: buy closes under the lower Bollinger band, sell closes over the upper one.

Reads 5m candles. RSI must be extreme too, and the way back to the middle band must be wide enough
to pay the costs of a round trip. The middle band is target and end of the idea.
"""

from __future__ import annotations

from dataclasses import dataclass

from trading.indicators.oscillators import rsi, rsi_warm_up
from trading.indicators.volatility import atr, atr_warm_up, bollinger, bollinger_warm_up
from trading.market import MarketView
from trading.positions import Direction
from trading.signals import Signal, hold
from trading.strategies.confidence import compute_confidence
from trading.strategies.opinions import enter, leave, wait_for_candles
from trading.strategies.parameters import ranged, require_ranges
from trading.strategies.recent_candles import RecentCandles, recent_candles
from trading.timeframes import Timeframe

TIMEFRAMES = {Timeframe.M5: 300}
"""Candles read; RSI and ATR smooth over the whole run, so more than the band period helps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanReversionParameters:
    """Periods are in 5m candles."""

    band_period: int = ranged(48, low=5, high=200)
    band_deviations: float = ranged(2.0, low=0.5, high=4.0)
    """Distance of the bands from the middle, in standard deviations."""
    rsi_period: int = ranged(14, low=2, high=100)
    rsi_extreme: float = ranged(35.0, low=5.0, high=50.0)
    """Long at or below it, short at or above 100 minus it."""
    atr_period: int = ranged(14, low=2, high=100)
    stop_atr: float = ranged(4.0, low=0.5, high=30.0)
    """Distance of the stop in ATR."""
    min_target_ratio: float = ranged(0.003, low=0.0, high=0.05)
    """Smallest way back to the middle over the price; the default is above two taker fills."""

    def __post_init__(self) -> None:
        require_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measures:
    price: float
    upper: float
    middle: float
    lower: float
    rsi: float
    atr: float


def warm_up(parameters: MeanReversionParameters) -> int:
    """5m candles needed before the first opinion."""
    return max(
        bollinger_warm_up(parameters.band_period),
        rsi_warm_up(parameters.rsi_period),
        atr_warm_up(parameters.atr_period),
    )


def signal(view: MarketView, parameters: MeanReversionParameters, held: Direction) -> Signal:
    """Against an extreme, flat when `held` is back at the middle, else no opinion."""
    candles = recent_candles(view, Timeframe.M5, TIMEFRAMES[Timeframe.M5])
    if len(candles) < warm_up(parameters):
        return wait_for_candles(len(candles), warm_up(parameters), Timeframe.M5)

    now = _measure(candles, parameters)
    words = (
        f"close {now.price:.6g}, bands {now.lower:.6g} / {now.middle:.6g} / {now.upper:.6g}, "
        f"RSI {now.rsi:.1f}"
    )

    side = _side(now, parameters)
    if side is Direction.FLAT:
        if held is not Direction.FLAT and (now.price - now.middle) * held.sign >= 0.0:
            return leave(f"back at the middle band: {words}")
        return hold(f"not at an extreme that pays: {words}")

    distance_to_end = now.rsi if side is Direction.LONG else 100.0 - now.rsi
    return enter(
        view,
        side,
        stop=now.price - side.sign * parameters.stop_atr * now.atr,
        target=now.middle,
        confidence=compute_confidence(
            distance_to_end, threshold=parameters.rsi_extreme, certain=parameters.rsi_extreme / 2
        ),
        reason=f"{'oversold' if side is Direction.LONG else 'overbought'}: {words}",
    )


def _measure(candles: RecentCandles, parameters: MeanReversionParameters) -> _Measures:
    bands = bollinger(candles.closes, parameters.band_period, parameters.band_deviations)
    reach = atr(candles.highs, candles.lows, candles.closes, parameters.atr_period)
    return _Measures(
        price=float(candles.closes[-1]),
        upper=float(bands.upper[-1]),
        middle=float(bands.middle[-1]),
        lower=float(bands.lower[-1]),
        rsi=float(rsi(candles.closes, parameters.rsi_period)[-1]),
        atr=float(reach[-1]),
    )


def _side(now: _Measures, parameters: MeanReversionParameters) -> Direction:
    # Also keeps a motionless market out, whose RSI is 0 and whose bands have no width.
    if abs(now.middle - now.price) < parameters.min_target_ratio * now.price:
        return Direction.FLAT
    if now.price <= now.lower and now.rsi <= parameters.rsi_extreme:
        return Direction.LONG
    if now.price >= now.upper and now.rsi >= 100.0 - parameters.rsi_extreme:
        return Direction.SHORT
    return Direction.FLAT
