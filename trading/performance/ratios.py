"""Ratios of daily returns, annualised by the periods a year: Sharpe, Sortino, Calmar, volatility.

Each is None where it means nothing (too few returns, no dispersion, no downside, no drawdown): never
NaN, infinity or 0. 252 is the default of a setting and is shown beside the figures; crypto trades
365 days, so figures from elsewhere compare only at the same number.
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


def compute_volatility(
    returns: Sequence[float], *, periods_per_year: int = PERIODS_PER_YEAR
) -> float | None:
    """std(r, ddof 1) x sqrt(periods), a ratio per year; None with fewer than two returns.

    0 for an account that did not move: that is measured, not missing.
    """
    values = _excess(returns, 0.0)
    if values is None:
        return None
    spread = float(np.std(values, ddof=1))
    is_noise = spread <= NOISE * float(np.max(np.abs(values)))
    return 0.0 if is_noise else spread * math.sqrt(periods_per_year)


def compute_annual_return(
    returns: Sequence[float], *, days: int | None = None, periods_per_year: int = PERIODS_PER_YEAR
) -> float | None:
    """Compounded growth a year: product(1 + r)^(periods / days) - 1, a ratio.

    `days` is what the returns span when some are missing (all of them count); None: one each.
    None with fewer than two returns, or when nothing was left.
    """
    values = _excess(returns, 0.0)
    if values is None or bool((values <= -1.0).any()):
        return None
    years = (len(values) if days is None else days) / periods_per_year
    logarithm = float(np.sum(np.log1p(values))) / years
    try:
        return math.expm1(logarithm)
    except OverflowError:  # a few lucky days, raised to a year
        return None


def compute_calmar(annual_return: float | None, max_drawdown: float | None) -> float | None:
    """Annual return over maximum drawdown; None when either is, or when nothing was drawn down."""
    if annual_return is None or max_drawdown is None or max_drawdown <= NOISE:
        return None
    return annual_return / max_drawdown


def _excess(returns: Sequence[float], threshold: float) -> FloatArray | None:
    """Returns over the threshold; None when they are too few or not all numbers."""
    excess = np.asarray(returns, dtype=np.float64) - threshold
    return excess if len(excess) >= 2 and bool(np.isfinite(excess).all()) else None


def _annualised(excess: FloatArray, risk: float, periods_per_year: int) -> float | None:
    if risk <= NOISE * float(np.max(np.abs(excess))):
        return None
    return float(np.mean(excess)) / risk * math.sqrt(periods_per_year)
