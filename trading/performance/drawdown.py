"""Drawdown: the fall of growth from its running peak, a ratio between 0 and 1, never negative.

The starting equity is the first peak, and flows are removed, so a withdrawal is no loss. A fall is
over at the first reading that is back at the peak it began from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from trading.candles import FloatArray
from trading.performance.growth import compute_gains
from trading.performance.path import BoolArray, IntArray, path_of, to_instant
from trading.performance.records import EquityReading


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawdown:
    """The deepest fall of an account."""

    depth: float
    """1 - equity / peak; 1 when equity reached zero or less: more cannot be drawn down."""
    peak_at: datetime | None
    """Last reading at the peak before the fall; None when equity never fell (depth 0)."""
    bottom_at: datetime | None
    recovered_at: datetime | None
    """First reading back at that peak; None while it is not."""
    current: float
    """Distance from the running peak at the newest reading, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawdownState:
    """Where drawdown stands after the readings so far; gains are ratios, instants microseconds."""

    peak: float
    peak_at: int
    current: float
    depth: float = 0.0
    level: float = 0.0
    """Gain at the peak from which the deepest fall began."""
    level_at: int = 0
    bottom_at: int = 0
    recovered_at: int | None = None


def extend_drawdown(state: DrawdownState | None, at: IntArray, gains: FloatArray) -> DrawdownState:
    """The state after the next readings (at least one)."""
    if state is None:
        state = DrawdownState(peak=float(gains[0]), peak_at=int(at[0]), current=0.0)
    running = np.maximum(np.maximum.accumulate(gains), state.peak)
    depths = (running - gains) / (1.0 + running)
    worst = int(np.argmax(depths))
    if depths[worst] > state.depth:
        level = float(running[worst])
        state = replace(
            state,
            depth=float(depths[worst]),
            level=level,
            level_at=_last_at(at[:worst], gains[:worst] == level, state.peak_at),
            bottom_at=int(at[worst]),
            recovered_at=_first_at(at[worst + 1 :], gains[worst + 1 :] >= level),
        )
    elif state.depth > 0.0 and state.recovered_at is None:
        state = replace(state, recovered_at=_first_at(at, gains >= state.level))
    peak = float(running[-1])
    return replace(
        state,
        peak=peak,
        peak_at=_last_at(at, gains == peak, state.peak_at),
        current=float(depths[-1]),
    )


def drawdown_of(state: DrawdownState) -> Drawdown:
    """What is shown of a state."""
    fell = state.depth > 0.0
    recovered = state.recovered_at
    return Drawdown(
        depth=min(state.depth, 1.0),
        peak_at=to_instant(state.level_at) if fell else None,
        bottom_at=to_instant(state.bottom_at) if fell else None,
        recovered_at=None if recovered is None else to_instant(recovered),
        current=min(state.current, 1.0),
    )


def compute_drawdown(readings: Sequence[EquityReading]) -> Drawdown | None:
    """None without readings or without money at the start."""
    path = path_of(readings)
    gains = compute_gains(path)
    return None if gains is None else drawdown_of(extend_drawdown(None, path.at, gains))


def _last_at(at: IntArray, touched: BoolArray, otherwise: int) -> int:
    found = np.flatnonzero(touched)
    return int(at[found[-1]]) if len(found) else otherwise


def _first_at(at: IntArray, touched: BoolArray) -> int | None:
    found = np.flatnonzero(touched)
    return int(at[found[0]]) if len(found) else None
