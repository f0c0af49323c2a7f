"""Bandtastic: four Bollinger bands on each side, and two guards that must agree with the outer ones.

Reads 15m candles. Bands lie one to four standard deviations from the middle. A close beyond
`entry_band` is traded back across the middle while RSI (prices) and MFI (money) are extreme too;
the further out, the surer. The opposite `target_band` is target and end of the idea.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trading.candles import FloatArray
from trading.indicators.oscillators import change_warm_up, money_flow_index, rsi, rsi_warm_up
from trading.indicators.trend import average_warm_up, sma
from trading.indicators.volatility import atr, atr_warm_up, bollinger, bollinger_warm_up
from trading.market import MarketView
from trading.positions import Direction
from trading.signals import Signal
from trading.strategies.columns import OpinionColumns, opine, silent_before
from trading.strategies.confidence import compute_confidence
from trading.strategies.opinions import speak, wait_for_candles
from trading.strategies.parameters import ranged, require_ranges
from trading.strategies.recent_candles import RecentCandles, recent_candles
from trading.timeframes import Timeframe

TIMEFRAMES = {Timeframe.M15: 240}
"""Candles read; RSI and ATR smooth over the whole run, so more than the band period helps."""
BANDS = 4
"""On each side; a close beyond the last one is as sure as it gets."""
_MIN_VOLUME = 1e-9
"""Mean base quantity below which nothing was traded; above the dust of a running sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BandtasticParameters:
    """Periods are in 15m candles."""

    band_period: int = ranged(20, low=5, high=120)
    entry_band: int = ranged(2, low=1, high=BANDS)
    """Number of the band that must be passed, from the middle outwards."""
    target_band: int = ranged(1, low=1, high=BANDS)
    """Number of the band on the other side of the middle that ends a position."""
    rsi_period: int = ranged(14, low=2, high=100)
    rsi_extreme: float = ranged(40.0, low=5.0, high=50.0)
    """Long at or below it, short at or above 100 minus it."""
    mfi_period: int = ranged(14, low=2, high=100)
    mfi_extreme: float = ranged(40.0, low=5.0, high=50.0)
    """As `rsi_extreme`, of the money flow index."""
    atr_period: int = ranged(14, low=2, high=100)
    stop_atr: float = ranged(4.0, low=0.5, high=30.0)
    """Distance of the stop in ATR."""
    min_target_ratio: float = ranged(0.003, low=0.0, high=0.05)
    """Smallest way to the target over the price; the default is above two taker fills."""

    def __post_init__(self) -> None:
        require_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measures:
    middle: FloatArray
    width: FloatArray
    """Between two bands: one standard deviation of the closes."""
    away: FloatArray
    """Bands from the middle down to the close; above the middle it is negative."""
    rsi: FloatArray
    mfi: FloatArray
    """NaN where nothing was traded: TA-Lib's 0 would read as an extreme."""
    reach: FloatArray


def warm_up(parameters: BandtasticParameters) -> int:
    """15m candles needed before the first opinion."""
    return max(
        bollinger_warm_up(parameters.band_period),
        rsi_warm_up(parameters.rsi_period),
        change_warm_up(parameters.mfi_period),
        average_warm_up(parameters.mfi_period),
        atr_warm_up(parameters.atr_period),
    )


def opinions(candles: RecentCandles, parameters: BandtasticParameters) -> OpinionColumns:
    """Against a passed band at every candle; a position that has crossed over ends."""
    return silent_before(
        _opine(candles, _measure(candles, parameters), parameters), warm_up(parameters)
    )


def signal(view: MarketView, parameters: BandtasticParameters, held: Direction) -> Signal:
    """Against a passed band, flat when `held` is at the opposite one, else no opinion."""
    candles = recent_candles(view, Timeframe.M15, TIMEFRAMES[Timeframe.M15])
    if len(candles) < warm_up(parameters):
        return wait_for_candles(len(candles), warm_up(parameters), Timeframe.M15)

    measures = _measure(candles, parameters)
    now = _opine(candles, measures, parameters).row(-1)
    side = "below" if measures.away[-1] > 0.0 else "above"
    flow = "no volume" if np.isnan(measures.mfi[-1]) else f"MFI {measures.mfi[-1]:.1f}"
    words = (
        f"close {candles.closes[-1]:.6g} is {abs(measures.away[-1]):.2f} bands of "
        f"{measures.width[-1]:.6g} {side} the middle {measures.middle[-1]:.6g}, "
        f"RSI {measures.rsi[-1]:.1f}, {flow}"
    )
    return speak(
        view,
        now,
        held,
        enters=f"beyond band {parameters.entry_band}: {words}",
        leaves=f"at band {parameters.target_band} of the other side: {words}",
        waits=f"no band passed with RSI and MFI: {words}",
    )


def _measure(candles: RecentCandles, parameters: BandtasticParameters) -> _Measures:
    columns = (candles.highs, candles.lows, candles.closes)
    bands = bollinger(candles.closes, parameters.band_period, 1.0)
    width = bands.upper - bands.middle
    away = np.where(np.isnan(width), np.nan, 0.0)
    np.divide(bands.middle - candles.closes, width, out=away, where=width > 0.0)
    is_traded = sma(candles.volumes, parameters.mfi_period) > _MIN_VOLUME
    flow = money_flow_index(*columns, candles.volumes, parameters.mfi_period)
    return _Measures(
        middle=bands.middle,
        width=width,
        away=away,
        rsi=rsi(candles.closes, parameters.rsi_period),
        mfi=np.where(is_traded, flow, np.nan),
        reach=atr(*columns, parameters.atr_period),
    )


def _opine(
    candles: RecentCandles, now: _Measures, parameters: BandtasticParameters
) -> OpinionColumns:
    closes, target_band = candles.closes, float(parameters.target_band)
    is_low, is_high = now.away >= parameters.entry_band, -now.away >= parameters.entry_band
    sign = np.where(is_low, 1.0, -1.0)
    target = now.middle + sign * target_band * now.width
    # Also keeps a motionless market out, whose bands have no width.
    pays = sign * (target - closes) >= parameters.min_target_ratio * closes
    guards_low = (now.rsi <= parameters.rsi_extreme) & (now.mfi <= parameters.mfi_extreme)
    guards_high = (now.rsi >= 100.0 - parameters.rsi_extreme) & (
        now.mfi >= 100.0 - parameters.mfi_extreme
    )
    return opine(
        enter_long=is_low & guards_low & pays,
        enter_short=is_high & guards_high & pays,
        leave_long=-now.away >= target_band,
        leave_short=now.away >= target_band,
        stop=closes - sign * parameters.stop_atr * now.reach,
        target=target,
        confidence=compute_confidence(
            np.abs(now.away), threshold=float(parameters.entry_band), certain=float(BANDS)
        ),
    )
