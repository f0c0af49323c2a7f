"""Bands that the price lives in: Donchian, Keltner, SuperTrend, exactly as TA-Lib computes them,
and the Ichimoku lines, which TA-Lib does not have.

All are in price units (quote per base), float64, as long as their input. Nothing here looks ahead:
of Ichimoku there is no lagging span, and its cloud is the one that was drawn in the past.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import talib

from trading.indicators.series import FloatArray, require_multiple, require_period


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Three price levels per candle: lower <= middle <= upper."""

    upper: FloatArray
    middle: FloatArray
    lower: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class SuperTrend:
    """A stop that trails the trend and changes sides when a close breaks it."""

    line: FloatArray
    """Below the close in an up trend, above it in a down trend."""
    trend: FloatArray
    """1 up, -1 down; the first value is taken to be up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ichimoku:
    """Midpoints of ranges; the cloud at a candle was computed `displacement` candles before it."""

    conversion: FloatArray
    """Tenkan-sen: midpoint of the short range."""
    base: FloatArray
    """Kijun-sen: midpoint of the middle range."""
    span_a: FloatArray
    """One edge of the cloud at this candle: mean of conversion and base, drawn in the past."""
    span_b: FloatArray
    """The other edge: midpoint of the long range, drawn in the past."""
    ahead_a: FloatArray
    """The edge that this candle draws `displacement` candles ahead."""
    ahead_b: FloatArray


def donchian(highs: FloatArray, lows: FloatArray, period: int) -> Channel:
    """Highest high, lowest low and their middle over `period` candles, this one included.

    First values at candle `period`. Raises `InvalidRecord` below 2.
    """
    require_period("Donchian", period, 2)
    upper, middle, lower = talib.DONCHIAN(highs, lows, timeperiod=period)
    return Channel(upper=upper, middle=middle, lower=lower)


def donchian_warm_up(period: int) -> int:
    """Candles needed for the first value of `donchian`."""
    return period


def keltner(
    highs: FloatArray,
    lows: FloatArray,
    closes: FloatArray,
    *,
    period: int = 20,
    atr_period: int = 10,
    multiple: float = 2.0,
) -> Channel:
    """EMA of the typical price, and `multiple` average true ranges on both sides of it.

    Raises `InvalidRecord` when `period` is below 2, `atr_period` below 1 or `multiple` not positive.
    """
    require_period("Keltner", period, 2)
    require_period("Keltner ATR", atr_period, 1)
    require_multiple("Keltner", multiple)
    upper, middle, lower = talib.KC(
        highs, lows, closes, timeperiod=period, atrperiod=atr_period, nbdev=multiple
    )
    return Channel(upper=upper, middle=middle, lower=lower)


def keltner_warm_up(period: int = 20, atr_period: int = 10) -> int:
    """Candles needed for the first value of `keltner`."""
    return max(period, atr_period + 1)


def supertrend(
    highs: FloatArray, lows: FloatArray, closes: FloatArray, *, period: int, multiple: float
) -> SuperTrend:
    """The middle of each candle minus or plus `multiple` ATR, moved only in favour of the trend.

    First values at candle `period + 1`. Raises `InvalidRecord` when `period` is below 2 or
    `multiple` not positive.
    """
    require_period("SuperTrend", period, 2)
    require_multiple("SuperTrend", multiple)
    line, trend = talib.SUPERTREND(highs, lows, closes, timeperiod=period, multiplier=multiple)
    return SuperTrend(line=line, trend=np.where(np.isnan(line), np.nan, trend))


def supertrend_warm_up(period: int) -> int:
    """Candles needed for the first value of `supertrend`."""
    return period + 1


def ichimoku(
    highs: FloatArray,
    lows: FloatArray,
    *,
    conversion_period: int = 9,
    base_period: int = 26,
    span_period: int = 52,
    displacement: int = 26,
) -> Ichimoku:
    """Goichi Hosoda's lines with his periods, without the lagging span (it is the close itself).

    Raises `InvalidRecord` when a period is below 2 or `displacement` below 1.
    """
    require_period("Ichimoku conversion", conversion_period, 2)
    require_period("Ichimoku base", base_period, 2)
    require_period("Ichimoku span", span_period, 2)
    require_period("Ichimoku displacement", displacement, 1)
    conversion = talib.MIDPRICE(highs, lows, timeperiod=conversion_period)
    base = talib.MIDPRICE(highs, lows, timeperiod=base_period)
    ahead_a = 0.5 * (conversion + base)
    ahead_b = talib.MIDPRICE(highs, lows, timeperiod=span_period)
    return Ichimoku(
        conversion=conversion,
        base=base,
        span_a=_later(ahead_a, displacement),
        span_b=_later(ahead_b, displacement),
        ahead_a=ahead_a,
        ahead_b=ahead_b,
    )


def ichimoku_warm_up(
    conversion_period: int = 9, base_period: int = 26, span_period: int = 52, displacement: int = 26
) -> int:
    """Candles needed for the first cloud of `ichimoku`; its other lines are there by then."""
    return max(conversion_period, base_period, span_period) + displacement


def _later(values: FloatArray, candles: int) -> FloatArray:
    """The values that many candles later; what is drawn beyond the last candle is left out."""
    moved = np.full_like(values, np.nan)
    moved[candles:] = values[: max(0, values.size - candles)]
    return moved
