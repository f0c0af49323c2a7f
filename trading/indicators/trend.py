"""Where prices lean: moving averages, MACD, ADX with its two sides and the parabolic stop, exactly
as TA-Lib computes them.

Prices are quote per base as float64; ADX is 0..100. Each warm-up function gives the number of
candles needed for the first value; every array keeps the length of its input.
"""

from __future__ import annotations

from dataclasses import dataclass

import talib

from trading.errors import InvalidRecord
from trading.indicators.series import FloatArray, require_multiple, require_period


@dataclass(frozen=True, slots=True, kw_only=True)
class Macd:
    """Three arrays in price units; all start at the same candle."""

    line: FloatArray
    """Fast minus slow exponential average."""
    signal: FloatArray
    """Exponential average of the line."""
    histogram: FloatArray
    """Line minus signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directional:
    """Wilder's directional movement, both 0..100."""

    plus: FloatArray
    """Strength of the moves up."""
    minus: FloatArray
    """Strength of the moves down."""


def sma(values: FloatArray, period: int) -> FloatArray:
    """Simple moving average; first value at candle `period`. Raises `InvalidRecord` below 1."""
    require_period("SMA", period, 1)
    return talib.SMA(values, timeperiod=period)


def ema(values: FloatArray, period: int) -> FloatArray:
    """Exponential moving average, seeded with the simple mean of the first `period` values.

    First value at candle `period`. Raises `InvalidRecord` below 1.
    """
    require_period("EMA", period, 1)
    return talib.EMA(values, timeperiod=period)


def wma(values: FloatArray, period: int) -> FloatArray:
    """Moving average with weights 1 to `period`, the newest the heaviest; first at `period`.

    Raises `InvalidRecord` below 2.
    """
    require_period("WMA", period, 2)
    return talib.WMA(values, timeperiod=period)


def average_warm_up(period: int) -> int:
    """Candles needed for the first value of `sma`, `ema` and `wma`."""
    return period


def macd(values: FloatArray, *, fast: int = 12, slow: int = 26, signal: int = 9) -> Macd:
    """Moving average convergence and divergence; first values at candle `slow + signal - 1`.

    Raises `InvalidRecord` when a period is below 2 (1 for the signal) or `fast` is not below `slow`.
    """
    require_period("MACD fast", fast, 2)
    require_period("MACD signal", signal, 1)
    if fast >= slow:
        raise InvalidRecord(f"MACD fast period {fast} must be below its slow period {slow}")
    line, signal_line, histogram = talib.MACD(
        values, fastperiod=fast, slowperiod=slow, signalperiod=signal
    )
    return Macd(line=line, signal=signal_line, histogram=histogram)


def macd_warm_up(slow: int = 26, signal: int = 9) -> int:
    """Candles needed for the first value of `macd`."""
    return slow + signal - 1


def adx(highs: FloatArray, lows: FloatArray, closes: FloatArray, period: int) -> FloatArray:
    """Strength of a trend without its direction, 0..100; first value at candle `2 x period`.

    Raises `InvalidRecord` below 2.
    """
    require_period("ADX", period, 2)
    return talib.ADX(highs, lows, closes, timeperiod=period)


def adx_warm_up(period: int) -> int:
    """Candles needed for the first value of `adx`."""
    return 2 * period


def directional(
    highs: FloatArray, lows: FloatArray, closes: FloatArray, period: int
) -> Directional:
    """+DI and -DI; first values at candle `period + 1`. Raises `InvalidRecord` below 2."""
    require_period("DI", period, 2)
    return Directional(
        plus=talib.PLUS_DI(highs, lows, closes, timeperiod=period),
        minus=talib.MINUS_DI(highs, lows, closes, timeperiod=period),
    )


def directional_warm_up(period: int) -> int:
    """Candles needed for the first value of `directional`."""
    return period + 1


def parabolic_stop(
    highs: FloatArray, lows: FloatArray, *, acceleration: float = 0.02, maximum: float = 0.2
) -> FloatArray:
    """Wilder's stop and reverse, a price level; first value at the second candle.

    Raises `InvalidRecord` when a factor is not positive.
    """
    require_multiple("SAR acceleration", acceleration)
    require_multiple("SAR maximum", maximum)
    return talib.SAR(highs, lows, acceleration=acceleration, maximum=maximum)


def parabolic_warm_up() -> int:
    """Candles needed for the first value of `parabolic_stop`."""
    return 2
