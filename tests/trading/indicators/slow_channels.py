"""Channels and SuperTrend as the books write them: one candle at a time, no library."""

from __future__ import annotations

import numpy as np

from trading.candles import FloatArray


def slow_true_range(highs: FloatArray, lows: FloatArray, closes: FloatArray) -> list[float]:
    """Of every candle but the first."""
    return [
        max(
            highs[now] - lows[now],
            abs(highs[now] - closes[now - 1]),
            abs(lows[now] - closes[now - 1]),
        )
        for now in range(1, len(closes))
    ]


def slow_atr(highs: FloatArray, lows: FloatArray, closes: FloatArray, period: int) -> FloatArray:
    """Wilder's: a mean of the first `period` ranges, then 1/period of each new one."""
    values = np.full(len(closes), np.nan)
    ranges = slow_true_range(highs, lows, closes)
    for now in range(period, len(closes)):
        if now == period:
            values[now] = sum(ranges[:period]) / period
        else:
            values[now] = (values[now - 1] * (period - 1) + ranges[now - 1]) / period
    return values


def slow_supertrend(
    highs: FloatArray, lows: FloatArray, closes: FloatArray, period: int, multiple: float
) -> tuple[FloatArray, FloatArray]:
    """Line and trend; bands tighten while the close before stays inside, a break changes sides."""
    reach = slow_atr(highs, lows, closes, period)
    line, trend = np.full(len(closes), np.nan), np.full(len(closes), np.nan)
    upper = lower = np.nan
    side = 1
    for now in range(period, len(closes)):
        middle = (highs[now] + lows[now]) / 2
        above, below = middle + multiple * reach[now], middle - multiple * reach[now]
        if now == period:
            upper, lower = above, below
        else:
            before = closes[now - 1]
            upper = above if above < upper or before > upper else upper
            lower = below if below > lower or before < lower else lower
            if side == 1 and closes[now] < lower:
                side = -1
            elif side == -1 and closes[now] > upper:
                side = 1
        line[now], trend[now] = (lower if side == 1 else upper), side
    return line, trend


def slow_average(values: list[float], period: int) -> list[float]:
    """Exponential, seeded with the simple mean of the first `period`; NaN before."""
    done: list[float] = []
    for now, value in enumerate(values):
        if now < period - 1:
            done.append(float("nan"))
        elif now == period - 1:
            done.append(sum(values[:period]) / period)
        else:
            done.append(done[-1] + 2 / (period + 1) * (value - done[-1]))
    return done


def slow_middle(highs: FloatArray, lows: FloatArray, period: int) -> FloatArray:
    """Middle between the highest high and the lowest low of the last `period` candles."""
    values = np.full(len(highs), np.nan)
    for now in range(period - 1, len(highs)):
        first = now - period + 1
        values[now] = (max(highs[first : now + 1]) + min(lows[first : now + 1])) / 2
    return values
