"""Growth along a path of equity, flows removed: gain = growth of one unit of money minus one.

Growth is the product over the stretches between flows of (equity before the flow / equity after the
one before). A flow is taken to have happened just before the reading that shows it. Inside a stretch
the gain is (E - base) / base, so an account that never traded has gained exactly nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trading.candles import FloatArray
from trading.performance.path import EquityPath


@dataclass(frozen=True, slots=True)
class GrowthState:
    """Where the growth stands after the readings so far."""

    base: float
    """Equity with which the stretch since the last flow began, quote."""
    before: float
    """Gain until then, a ratio."""
    gain: float
    """Gain at the last reading, a ratio."""


def compute_gains(path: EquityPath) -> FloatArray | None:
    """One ratio per reading, the first is 0; None when growth is not defined (no reading, or
    something was earned without money to earn it on)."""
    state = start_growth(path) if len(path) else None
    if state is None or len(path) == 1:
        return None if state is None else np.zeros(1)
    grown = extend_growth(state, path.part(1, len(path)))
    return None if grown is None else np.append(0.0, grown[0])


def start_growth(path: EquityPath) -> GrowthState | None:
    """The state after the first reading, whatever was paid in before it; None when it is a debt."""
    base = float(path.equity[0])
    return GrowthState(base=base, before=0.0, gain=0.0) if base >= 0.0 else None


def extend_growth(state: GrowthState, path: EquityPath) -> tuple[FloatArray, GrowthState] | None:
    """Gains of the next readings (at least one) and the state after them; None when undefined."""
    gains = np.empty(len(path), dtype=np.float64)
    flows = np.flatnonzero(path.before_flow != path.equity).tolist()
    start = 0
    for end in sorted({*flows, len(path) - 1}):
        stretch = _gains_of_stretch(state, path.before_flow[start : end + 1])
        if stretch is None:
            return None
        gains[start : end + 1] = stretch
        state = _after_stretch(state, path, end, float(stretch[-1]))
        start = end + 1
    return gains, state


def _after_stretch(state: GrowthState, path: EquityPath, end: int, gain: float) -> GrowthState:
    """A flow at reading `end` begins the next stretch; the end of the path alone does not."""
    if path.before_flow[end] == path.equity[end]:
        return GrowthState(base=state.base, before=state.before, gain=gain)
    return GrowthState(base=float(path.equity[end]), before=gain, gain=gain)


def _gains_of_stretch(state: GrowthState, equity: FloatArray) -> FloatArray | None:
    """Gains of readings without a flow between them."""
    if state.base > 0.0:
        return state.before + (1.0 + state.before) * ((equity - state.base) / state.base)
    if state.base == 0.0 and not equity.any():
        return np.full(
            len(equity), state.before
        )  # all was withdrawn: nothing there, nothing earned
    return None
