"""What the scalper's learner looks at: nine scale-free numbers per candle, each within -3..3.

Every number at a candle comes from that candle and earlier ones. They are scaled by the market's
own range (ATR) instead of by statistics of the window, so that no future value leaks in.
"""

from __future__ import annotations

import numpy as np

from trading.indicators.oscillators import rsi, rsi_warm_up
from trading.indicators.series import FloatArray
from trading.indicators.trend import average_warm_up, ema, macd, macd_warm_up, sma
from trading.indicators.volatility import atr, atr_warm_up, bollinger, bollinger_warm_up
from trading.strategies.recent_candles import RecentCandles

PERIOD = 14
AVERAGE_PERIOD = 20
LOOKBACKS = (1, 3, 12)
"""Candles over which past moves are measured."""
LARGEST_FEATURE = 3.0


def features_warm_up() -> int:
    """Candles needed before the first complete row."""
    return max(
        max(LOOKBACKS) + 1,
        atr_warm_up(PERIOD),
        rsi_warm_up(PERIOD),
        average_warm_up(AVERAGE_PERIOD),
        bollinger_warm_up(AVERAGE_PERIOD),
        macd_warm_up(),
    )


def compute_features(candles: RecentCandles) -> FloatArray:
    """(n, 9) array, complete from row `features_warm_up() - 1` on; rows before it hold NaN.

    Where a scale is zero (no movement, no volume) the number is zero: nothing is known.
    """
    closes = candles.closes
    reach = atr(candles.highs, candles.lows, closes, PERIOD)
    bands = bollinger(closes, AVERAGE_PERIOD, 1.0)
    usual = sma(candles.volumes, AVERAGE_PERIOD)
    columns = [
        np.ones_like(closes),
        *(_ratio(_move(closes, back), reach * np.sqrt(back)) for back in LOOKBACKS),
        (rsi(closes, PERIOD) - 50.0) / 25.0,
        _ratio(closes - ema(closes, AVERAGE_PERIOD), reach),
        _ratio(macd(closes).histogram, reach),
        _ratio(closes - bands.middle, bands.upper - bands.middle),
        _ratio(candles.volumes - usual, candles.volumes + usual),
    ]
    return np.clip(np.column_stack(columns), -LARGEST_FEATURE, LARGEST_FEATURE)


def _move(closes: FloatArray, back: int) -> FloatArray:
    """Change of the close over `back` candles; NaN where there is no earlier candle."""
    moves = np.full_like(closes, np.nan)
    moves[back:] = closes[back:] - closes[:-back]
    return moves


def _ratio(measure: FloatArray, scale: FloatArray) -> FloatArray:
    """`measure / scale`, zero where the scale is zero, NaN where either is NaN."""
    quotient = np.where(np.isnan(scale), np.nan, np.zeros_like(measure))
    return np.divide(measure, scale, out=quotient, where=scale > 0.0)
