"""How one-sided the last moves were: RSI, exactly as TA-Lib computes it, in 0..100.

A market that does not move at all has RSI 0 in TA-Lib (no gain and no loss): a rule that reads
RSI must also ask whether there was movement, or it takes silence for an extreme.
"""

from __future__ import annotations

import talib

from trading.indicators.series import FloatArray, require_period


def rsi(closes: FloatArray, period: int) -> FloatArray:
    """Relative strength index, 0..100; first value at candle `period + 1`.

    Raises `InvalidRecord` below 2.
    """
    require_period("RSI", period, 2)
    return talib.RSI(closes, timeperiod=period)


def rsi_warm_up(period: int) -> int:
    """Candles needed for the first value of `rsi`."""
    return period + 1
