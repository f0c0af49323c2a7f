"""The three measures behind a regime, one value per candle, none of them looking ahead.

Float64 arrays as long as their input, NaN before the first value. Prices are quote per base.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from trading.indicators.series import FloatArray, require_period

_ROWS = 4_096
"""Windows that are sorted at once: a median over years must not need the memory of all of them."""


def efficiency_ratio(closes: FloatArray, period: int) -> FloatArray:
    """Net move over the sum of moves of the last `period` candles, 0..1 (Kaufman).

    1 is a straight line, 0 is back where it began or no move at all. First value at candle
    `period + 1`.
    """
    require_period("efficiency ratio", period, 1)
    ratio = np.full(closes.size, np.nan)
    if closes.size <= period:
        return ratio
    ways = _rolling_sum(np.abs(np.diff(closes)), period)
    net = np.abs(closes[period:] - closes[:-period])
    ratio[period:] = np.minimum(1.0, np.divide(net, ways, out=np.zeros_like(net), where=ways > 0))
    return ratio


def realised_volatility(closes: FloatArray, period: int) -> FloatArray:
    """Deviation of the log returns of the last `period` candles from their mean, per candle.

    Without their mean, so that a steady trend is not taken for a wild time. First value at candle
    `period + 1`. Closes are positive.
    """
    require_period("realised volatility", period, 1)
    volatility = np.full(closes.size, np.nan)
    if closes.size > period:
        returns = np.diff(np.log(closes))
        mean = _rolling_sum(returns, period) / period
        square = _rolling_sum(returns**2, period) / period
        # Of a straight line the difference may come out below zero by rounding.
        volatility[period:] = np.sqrt(np.maximum(square - mean**2, 0.0))
    return volatility


def relative_volatility(volatility: FloatArray, history: int) -> FloatArray:
    """Volatility over its median of the last `history` candles, its own value included.

    Where the median is zero: 1 without any move, else infinite. First value where `history`
    known values are there.
    """
    require_period("volatility history", history, 1)
    relative = np.full(volatility.size, np.nan)
    if volatility.size < history:
        return relative
    windows = sliding_window_view(volatility, history)
    usual = np.concatenate(
        [np.median(windows[at : at + _ROWS], axis=1) for at in range(0, len(windows), _ROWS)]
    )
    now = volatility[history - 1 :]
    still = np.where(now > 0.0, np.inf, 1.0)
    quotient = np.divide(now, usual, out=still, where=usual > 0.0)
    relative[history - 1 :] = np.where(np.isnan(usual), np.nan, quotient)
    return relative


def _rolling_sum(values: FloatArray, period: int) -> FloatArray:
    """Sums of `period` neighbours, always added in the same order.

    A running sum would carry the rounding of far earlier candles, and then a value would depend
    on where the run began.
    """
    count = values.size - period + 1
    total = np.zeros(count)
    for offset in range(period):
        total += values[offset : offset + count]
    return total
