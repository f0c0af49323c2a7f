"""How one-sided the last moves were: RSI, stochastics, CCI, Williams %R, MFI and rate of change,
exactly as TA-Lib computes them.

A market that does not move at all has RSI 0, %K 0 and %R 0 in TA-Lib: a rule that reads them must
also ask whether there was movement, or it takes silence for an extreme.
"""

from __future__ import annotations

from dataclasses import dataclass

import talib

from trading.indicators.series import FloatArray, require_period


@dataclass(frozen=True, slots=True, kw_only=True)
class Stochastic:
    """Both 0..100; they start at the same candle."""

    k: FloatArray
    """Where the close lies in the range of the last candles, smoothed."""
    d: FloatArray
    """Simple average of `k`."""


def rsi(closes: FloatArray, period: int) -> FloatArray:
    """Relative strength index, 0..100; first value at candle `period + 1`.

    Raises `InvalidRecord` below 2.
    """
    require_period("RSI", period, 2)
    return talib.RSI(closes, timeperiod=period)


def rsi_warm_up(period: int) -> int:
    """Candles needed for the first value of `rsi`."""
    return period + 1


def stochastic(
    highs: FloatArray,
    lows: FloatArray,
    closes: FloatArray,
    *,
    period: int = 14,
    smoothing: int = 3,
    signal: int = 3,
) -> Stochastic:
    """Slow stochastic: %K over `period` candles averaged over `smoothing`, %D over `signal` of it.

    A `smoothing` of 1 is the fast stochastic. Raises `InvalidRecord` when one is below 1.
    """
    require_period("stochastic", period, 1)
    require_period("stochastic smoothing", smoothing, 1)
    require_period("stochastic signal", signal, 1)
    k, d = talib.STOCH(
        highs, lows, closes, fastk_period=period, slowk_period=smoothing, slowd_period=signal
    )
    return Stochastic(k=k, d=d)


def stochastic_warm_up(period: int = 14, smoothing: int = 3, signal: int = 3) -> int:
    """Candles needed for the first values of `stochastic`."""
    return period + smoothing + signal - 2


def cci(highs: FloatArray, lows: FloatArray, closes: FloatArray, period: int) -> FloatArray:
    """Commodity channel index: typical price from its mean, in 0.015 mean deviations; unbounded.

    First value at candle `period`. Raises `InvalidRecord` below 2.
    """
    require_period("CCI", period, 2)
    return talib.CCI(highs, lows, closes, timeperiod=period)


def williams_r(highs: FloatArray, lows: FloatArray, closes: FloatArray, period: int) -> FloatArray:
    """Williams %R, -100 at the low of the range to 0 at its high; first value at candle `period`.

    Raises `InvalidRecord` below 2.
    """
    require_period("Williams %R", period, 2)
    return talib.WILLR(highs, lows, closes, timeperiod=period)


def range_warm_up(period: int) -> int:
    """Candles needed for the first value of `cci` and `williams_r`."""
    return period


def money_flow_index(
    highs: FloatArray, lows: FloatArray, closes: FloatArray, volumes: FloatArray, period: int
) -> FloatArray:
    """RSI of the typical price weighted by volume, 0..100; first value at candle `period + 1`.

    Raises `InvalidRecord` below 2.
    """
    require_period("MFI", period, 2)
    return talib.MFI(highs, lows, closes, volumes, timeperiod=period)


def rate_of_change(closes: FloatArray, period: int) -> FloatArray:
    """Close over the close `period` candles ago minus 1, a ratio; first value at `period + 1`.

    Raises `InvalidRecord` below 1.
    """
    require_period("rate of change", period, 1)
    return talib.ROCP(closes, timeperiod=period)


def change_warm_up(period: int) -> int:
    """Candles needed for the first value of `money_flow_index` and `rate_of_change`."""
    return period + 1
