"""What a strategy reads of a market: its newest closed candles, as float64 arrays.

A strategy never sees more than the number of candles it declares. That makes its answer the same
whether the caller fetched exactly that many or a whole year: live and backtest cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trading.market import MarketView
from trading.timeframes import Timeframe

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RecentCandles:
    """Columns of one run of closed candles, oldest first, all of one length."""

    highs: FloatArray
    lows: FloatArray
    closes: FloatArray
    volumes: FloatArray
    """Base quantity; prices are quote per base."""

    def __len__(self) -> int:
        return self.closes.size


def recent_candles(view: MarketView, timeframe: Timeframe, at_most: int) -> RecentCandles:
    """The newest `at_most` closed candles of a timeframe; empty when the view has none."""
    window = view.windows.get(timeframe)
    if window is None:
        return RecentCandles(_NOTHING, _NOTHING, _NOTHING, _NOTHING)
    return RecentCandles(
        window.highs[-at_most:],
        window.lows[-at_most:],
        window.closes[-at_most:],
        window.volumes[-at_most:],
    )


_NOTHING: FloatArray = np.empty(0, dtype=np.float64)
