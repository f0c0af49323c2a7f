"""How far prices move: true range, its average, standard deviation and Bollinger bands, exactly as
TA-Lib computes them.

All are in price units (quote per base), float64, as long as their input; `atr_ratio` is a ratio.
"""

from __future__ import annotations

from dataclasses import dataclass

import talib

from trading.indicators.series import FloatArray, require_period


@dataclass(frozen=True, slots=True, kw_only=True)
class BollingerBands:
    """Three price levels per candle: lower <= middle <= upper."""

    upper: FloatArray
    middle: FloatArray
    """Simple moving average of the closes."""
    lower: FloatArray


def atr(highs: FloatArray, lows: FloatArray, closes: FloatArray, period: int) -> FloatArray:
    """Average true range (Wilder); first value at candle `period + 1`.

    Raises `InvalidRecord` below 1.
    """
    require_period("ATR", period, 1)
    return talib.ATR(highs, lows, closes, timeperiod=period)


def atr_warm_up(period: int) -> int:
    """Candles needed for the first value of `atr`."""
    return period + 1


def atr_ratio(highs: FloatArray, lows: FloatArray, closes: FloatArray, period: int) -> FloatArray:
    """Average true range over the close, a ratio (TA-Lib's NATR / 100); same warm-up as `atr`.

    Raises `InvalidRecord` below 1.
    """
    require_period("ATR", period, 1)
    return talib.NATR(highs, lows, closes, timeperiod=period) / 100.0


def deviation(values: FloatArray, period: int) -> FloatArray:
    """Population standard deviation of the last `period` values; first value at candle `period`.

    Raises `InvalidRecord` below 2.
    """
    require_period("deviation", period, 2)
    return talib.STDDEV(values, timeperiod=period, nbdev=1.0)


def bollinger(closes: FloatArray, period: int, deviations: float) -> BollingerBands:
    """Mean of the last `period` closes and `deviations` population deviations around it.

    First values at candle `period`. Raises `InvalidRecord` below 2.
    """
    require_period("Bollinger", period, 2)
    upper, middle, lower = talib.BBANDS(
        closes, timeperiod=period, nbdevup=deviations, nbdevdn=deviations
    )
    return BollingerBands(upper=upper, middle=middle, lower=lower)


def bollinger_warm_up(period: int) -> int:
    """Candles needed for the first value of `bollinger` and `deviation`."""
    return period
