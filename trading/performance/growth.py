"""Growth of one unit of money along the readings of equity, flows removed.

growth(t) = product over the stretches between flows of (equity before the flow / equity after the
one before). A flow is taken to have happened just before the reading that shows it. Without flows
this is exactly E_t / E_0, so an account that never traded has grown by exactly nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from trading.performance.records import EquityReading, require_order
from trading.units import ONE, ZERO


def compute_growth(readings: Sequence[EquityReading]) -> tuple[Decimal, ...] | None:
    """One value per reading, the first is 1; None when a stretch starts without money."""
    require_order(readings)
    if not readings:
        return None
    growth: list[Decimal] = []
    before_stretch, base, transfers = ONE, readings[0].equity, readings[0].transfers
    for reading in readings:
        if base <= ZERO:
            return None
        flow = reading.transfers - transfers
        value = before_stretch * (reading.equity - flow) / base
        growth.append(value)
        if flow != ZERO:
            before_stretch, base, transfers = value, reading.equity, reading.transfers
    return tuple(growth)
