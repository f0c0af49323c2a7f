"""Where the volume went: OBV, VWAP and Chaikin money flow, exactly as TA-Lib computes them.

Volumes are base quantity. OBV and `vwap` add up from the first candle of the run: only their changes
and a comparison with the price mean something, and two runs with different starts differ.
"""

from __future__ import annotations

import numpy as np
import talib

from trading.indicators.series import FloatArray, require_period


def obv(closes: FloatArray, volumes: FloatArray) -> FloatArray:
    """On-balance volume: volume added on a higher close, taken off on a lower one."""
    return talib.OBV(closes, volumes)


def vwap(
    highs: FloatArray, lows: FloatArray, closes: FloatArray, volumes: FloatArray
) -> FloatArray:
    """Volume-weighted typical price since the first candle; a price level."""
    return talib.VWAP(highs, lows, closes, volumes)


def running_warm_up() -> int:
    """Candles needed for the first value of `obv` and `vwap`."""
    return 1


def rolling_vwap(
    highs: FloatArray, lows: FloatArray, closes: FloatArray, volumes: FloatArray, period: int
) -> FloatArray:
    """Volume-weighted typical price of the last `period` candles; NaN where nothing was traded.

    First value at candle `period`. Raises `InvalidRecord` below 2.
    """
    require_period("VWAP", period, 2)
    typical = talib.TYPPRICE(highs, lows, closes)
    traded = talib.SUM(volumes, timeperiod=period)
    worth = talib.SUM(typical * volumes, timeperiod=period)
    return np.divide(worth, traded, out=np.full_like(worth, np.nan), where=traded > 0.0)


def money_flow(
    highs: FloatArray, lows: FloatArray, closes: FloatArray, volumes: FloatArray, period: int
) -> FloatArray:
    """Chaikin money flow, -1 (closes at the lows) to 1; first value at candle `period`.

    Raises `InvalidRecord` below 2.
    """
    require_period("money flow", period, 2)
    return talib.CMF(highs, lows, closes, volumes, timeperiod=period)


def volume_warm_up(period: int) -> int:
    """Candles needed for the first value of `rolling_vwap` and `money_flow`."""
    return period
