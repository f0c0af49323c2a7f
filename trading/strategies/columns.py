"""What a strategy says of every candle of a run, as columns: one value per candle, oldest first.

The value at a candle depends on nothing after it. A strategy's answer for now is the last row, so
that live and a run over years cannot differ. Levels are measures (quote per base), not yet prices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trading.candles import FloatArray

SideArray = npt.NDArray[np.int8]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionColumns:
    """All arrays have the length of the candles."""

    side: SideArray
    """Where to be: 1 long, -1 short, 0 no entry here (also during the warm-up)."""
    leave_long: BoolArray
    """A long position has lost its reason. `side` counts before it."""
    leave_short: BoolArray
    stop: FloatArray
    """Of an entry at this candle; NaN without one."""
    target: FloatArray
    confidence: FloatArray
    """Ratio 0..1 of an entry; NaN without one."""
    level: FloatArray | None = None
    """Share of the usual size, 0..1, of a strategy that scales in; None: it does not."""
