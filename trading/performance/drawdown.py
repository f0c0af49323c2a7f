"""Maximum drawdown: the deepest fall from a peak, a ratio between 0 and 1, never negative.

The starting equity is the first peak, and flows are removed, so a withdrawal is no loss.
"""

from __future__ import annotations

from collections.abc import Sequence

from trading.performance.growth import compute_growth
from trading.performance.records import EquityReading
from trading.units import ONE, ZERO, to_float


def compute_max_drawdown(readings: Sequence[EquityReading]) -> float | None:
    """Largest 1 - E_t / running peak; None without readings or without money at the start.

    1 when equity reached zero or less: more than everything cannot be drawn down.
    """
    growth = compute_growth(readings)
    if growth is None:
        return None
    deepest, peak = ZERO, growth[0]
    for value in growth:
        peak = max(peak, value)
        deepest = max(deepest, ONE - value / peak)
    return to_float(min(deepest, ONE))
