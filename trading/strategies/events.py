"""Events among columns: when one line crossed another, and how long ago something happened.

Both are causal: the value at a candle depends on that candle and those before it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trading.candles import FloatArray
from trading.strategies.columns import BoolArray

CountArray = npt.NDArray[np.int64]
LONG_AGO = 2**40
"""Age of something that has not happened yet, in candles."""


def crosses_above(line: FloatArray, other: FloatArray) -> BoolArray:
    """True at the candle where `line` comes to lie above `other`; NaN on either side is no cross."""
    crosses = np.zeros(line.size, dtype=np.bool_)
    crosses[1:] = (line[1:] > other[1:]) & (line[:-1] <= other[:-1])
    return crosses


def candles_since(event: BoolArray) -> CountArray:
    """Candles from the newest event to each candle: 0 at the event, `LONG_AGO` or more before any."""
    index = np.arange(event.size, dtype=np.int64)
    return index - np.maximum.accumulate(np.where(event, index, -LONG_AGO))
