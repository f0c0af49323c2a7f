"""How far a stop lies away when nobody named one: ATR(14) of hourly candles, quote per base."""

from __future__ import annotations

from math import isfinite

from trading.indicators.volatility import atr
from trading.market import MarketView
from trading.timeframes import Timeframe

STOP_TIMEFRAME = Timeframe.H1
"""Finer candles would put the stop into the noise of one decision interval."""
STOP_ATR_LENGTH = 14


def stop_atr(view: MarketView) -> float | None:
    """ATR(14) on hourly candles, or on the finest coarser ones that have it; None when unknown."""
    for timeframe in sorted(view.windows, key=lambda t: t.length):
        window = view.windows[timeframe]
        if timeframe.length < STOP_TIMEFRAME.length or not len(window):
            continue
        value = float(atr(window.highs, window.lows, window.closes, STOP_ATR_LENGTH)[-1])
        if isfinite(value):
            return value
    return None
