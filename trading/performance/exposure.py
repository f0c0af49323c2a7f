"""Exposure over time: how long an account held something, how much, and its mean equity.

What a reading shows holds until the next one. Time inside a gap and time for which no exposure was
read is left out of both sides of every mean: unknown is not flat.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trading.candles import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureState:
    """Sums over the known time so far, in seconds."""

    known: float = 0.0
    in_market: float = 0.0
    solvent: float = 0.0
    """Known time with positive equity: only there gross exposure has a ratio to it."""
    exposure: float = 0.0
    """Sum of gross exposure / equity x seconds."""
    watched: float = 0.0
    """Time outside gaps."""
    equity: float = 0.0
    """Sum of equity x seconds outside gaps, quote."""


def extend_exposure(
    state: ExposureState, equity: FloatArray, gross: FloatArray, seconds: FloatArray
) -> ExposureState:
    """The sums after the next steps: what was held at their start, and how long (0 for a gap)."""
    known = np.where(np.isnan(gross), 0.0, seconds)
    held = np.nan_to_num(gross)
    solvent = np.where(equity > 0.0, known, 0.0)
    ratio = np.divide(held, equity, out=np.zeros_like(held), where=equity > 0.0)
    return ExposureState(
        known=state.known + float(known.sum()),
        in_market=state.in_market + float(known[held > 0.0].sum()),
        solvent=state.solvent + float(solvent.sum()),
        exposure=state.exposure + float((ratio * solvent).sum()),
        watched=state.watched + float(seconds.sum()),
        equity=state.equity + float((equity * seconds).sum()),
    )


def time_in_market(state: ExposureState) -> float | None:
    """Share of the known time in which a position was held, 0 to 1; None without known time."""
    return state.in_market / state.known if state.known > 0.0 else None


def mean_exposure(state: ExposureState) -> float | None:
    """Mean of gross exposure over equity, flat time included; None without known time."""
    return state.exposure / state.solvent if state.solvent > 0.0 else None


def mean_equity(state: ExposureState) -> float | None:
    """Mean equity over time, quote; None without watched time or when it is not positive."""
    mean = state.equity / state.watched if state.watched > 0.0 else 0.0
    return mean if mean > 0.0 else None
