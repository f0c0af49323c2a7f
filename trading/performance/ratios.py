"""Sharpe and Sortino ratio of daily returns, annualised by the square root of the periods a year.

Both are None where they mean nothing (too few returns, no dispersion, no downside): never NaN,
infinity or 0. 252 is the default of a setting and is shown beside the figure; crypto trades 365
days, so figures from elsewhere compare only at the same number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from trading.candles import FloatArray

PERIODS_PER_YEAR = 252
NOISE = 1e-12
"""Relative spread under which returns count as equal: rounding is not risk."""


def compute_sharpe(
    returns: Sequence[float],
    *,
    risk_free: float = 0.0,
    periods_per_year: int = PERIODS_PER_YEAR,
) -> float | None:
    """mean(r - rf) / std(r - rf, ddof 1) x sqrt(periods); `risk_free` is a ratio per period."""
    excess = _excess(returns, risk_free)
    if excess is None:
        return None
    return _annualised(excess, float(np.std(excess, ddof=1)), periods_per_year)


def compute_sortino(
    returns: Sequence[float],
    *,
    target: float = 0.0,
    periods_per_year: int = PERIODS_PER_YEAR,
) -> float | None:
    """mean(r - T) / sqrt(sum(min(r - T, 0)^2) / n) x sqrt(periods), n = all returns.

    `target` is a ratio per period. Dividing by all returns, not by the negative ones, is what
    quantstats and empyrical do.
    """
    excess = _excess(returns, target)
    if excess is None:
        return None
    downside = math.sqrt(float(np.sum(np.minimum(excess, 0.0) ** 2)) / len(excess))
    return _annualised(excess, downside, periods_per_year)


def _excess(returns: Sequence[float], threshold: float) -> FloatArray | None:
    """Returns over the threshold; None when they are too few or not all numbers."""
    excess = np.asarray(returns, dtype=np.float64) - threshold
    return excess if len(excess) >= 2 and bool(np.isfinite(excess).all()) else None


def _annualised(excess: FloatArray, risk: float, periods_per_year: int) -> float | None:
    if risk <= NOISE * float(np.max(np.abs(excess))):
        return None
    return float(np.mean(excess)) / risk * math.sqrt(periods_per_year)
