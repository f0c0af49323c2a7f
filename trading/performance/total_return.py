"""Total return: E_n / E_0 - 1, flows removed. A ratio; None without a first positive equity."""

from __future__ import annotations

from collections.abc import Sequence

from trading.performance.growth import compute_growth
from trading.performance.records import EquityReading
from trading.units import ONE, to_float


def compute_total_return(readings: Sequence[EquityReading]) -> float | None:
    """Ratio from the first to the last reading; None with no reading, 0 with one."""
    growth = compute_growth(readings)
    return None if growth is None else to_float(growth[-1] - ONE)
