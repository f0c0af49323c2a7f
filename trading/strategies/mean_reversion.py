"""Mean reversion: buy closes under the lower Bollinger band, sell closes over the upper one.

Reads 5m candles. RSI must be extreme too, and the way back to the middle band must be wide enough
to pay the costs of a round trip. The middle band is target and end of the idea.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trading.candles import FloatArray
from trading.indicators.oscillators import rsi, rsi_warm_up
from trading.indicators.volatility import (
    BollingerBands,
    atr,
    atr_warm_up,
    bollinger,
    bollinger_warm_up,
)
from trading.market import MarketView
from trading.positions import Direction
from trading.signals import Signal
from trading.strategies.columns import OpinionColumns, opine, silent_before
from trading.strategies.confidence import compute_confidence
from trading.strategies.opinions import speak, wait_for_candles
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
    bands: BollingerBands
    rsi: FloatArray
    reach: FloatArray


def warm_up(parameters: MeanReversionParameters) -> int:
    """5m candles needed before the first opinion."""
    return max(
        bollinger_warm_up(parameters.band_period),
        rsi_warm_up(parameters.rsi_period),
        atr_warm_up(parameters.atr_period),
    )


def opinions(candles: RecentCandles, parameters: MeanReversionParameters) -> OpinionColumns:
    """Against an extreme at every candle; a position that is back at the middle ends."""
    return silent_before(
        _opine(candles, _measure(candles, parameters), parameters), warm_up(parameters)
    )


def signal(view: MarketView, parameters: MeanReversionParameters, held: Direction) -> Signal:
    """Against an extreme, flat when `held` is back at the middle, else no opinion."""
    candles = recent_candles(view, Timeframe.M5, TIMEFRAMES[Timeframe.M5])
    if len(candles) < warm_up(parameters):
        return wait_for_candles(len(candles), warm_up(parameters), Timeframe.M5)

    measures = _measure(candles, parameters)
    now = _opine(candles, measures, parameters).row(-1)
    bands = measures.bands
    words = (
        f"close {candles.closes[-1]:.6g}, "
        f"bands {bands.lower[-1]:.6g} / {bands.middle[-1]:.6g} / {bands.upper[-1]:.6g}, "
        f"RSI {measures.rsi[-1]:.1f}"
    )
    return speak(
        view,
        now,
        held,
        enters=f"{'oversold' if now.side is Direction.LONG else 'overbought'}: {words}",
        leaves=f"back at the middle band: {words}",
        waits=f"not at an extreme that pays: {words}",
    )


def _measure(candles: RecentCandles, parameters: MeanReversionParameters) -> _Measures:
    return _Measures(
        bands=bollinger(candles.closes, parameters.band_period, parameters.band_deviations),
        rsi=rsi(candles.closes, parameters.rsi_period),
        reach=atr(candles.highs, candles.lows, candles.closes, parameters.atr_period),
    )


def _opine(
    candles: RecentCandles, now: _Measures, parameters: MeanReversionParameters
) -> OpinionColumns:
    closes, middle = candles.closes, now.bands.middle
    # Also keeps a motionless market out, whose RSI is 0 and whose bands have no width.
    pays = np.abs(middle - closes) >= parameters.min_target_ratio * closes
    is_low = (closes <= now.bands.lower) & (now.rsi <= parameters.rsi_extreme)
    is_high = (closes >= now.bands.upper) & (now.rsi >= 100.0 - parameters.rsi_extreme)
    sign = np.where(is_low, 1.0, -1.0)
    return opine(
        enter_long=pays & is_low,
        enter_short=pays & is_high & ~is_low,
        leave_long=closes >= middle,
        leave_short=closes <= middle,
        stop=closes - sign * parameters.stop_atr * now.reach,
        target=middle,
        confidence=compute_confidence(
            np.where(is_low, now.rsi, 100.0 - now.rsi),
            threshold=parameters.rsi_extreme,
            certain=parameters.rsi_extreme / 2,
        ),
    )
