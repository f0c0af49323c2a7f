"""Value at risk and its conditional form: how bad a bad day was, from the daily returns as they are.

Historical, no distribution is assumed. Losses are positive ratios: 0.03 is 3 % of equity lost; a
negative figure means that even the bad days earned. The level is shown beside the figures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trading.candles import FloatArray
from trading.errors import InvalidRecord

RISK_LEVEL = 0.95
"""On 95 % of the days the loss was not larger."""
_DIGITS = 9


def compute_value_at_risk(returns: Sequence[float], *, level: float = RISK_LEVEL) -> float | None:
    """The loss that was not exceeded on `level` of the days, interpolated between two of them.

    None with fewer than 1 / (1 - level) returns: then not even one of them lies in the tail.

    Raises
    ------
    InvalidRecord
        `level` is not between 0 and 1.
    """
    values, tail = _values(returns, level), _tail(level)
    return None if values is None else -float(np.percentile(values, 100.0 * tail))


def compute_conditional_value_at_risk(
    returns: Sequence[float], *, level: float = RISK_LEVEL
) -> float | None:
    """The mean loss of the days in the tail: the worst floor((n - 1) x (1 - level)) + 1 of them.

    None and raises as `compute_value_at_risk`.
    """
    values, tail = _values(returns, level), _tail(level)
    if values is None:
        return None
    worst = int((len(values) - 1) * tail) + 1
    return -float(np.mean(np.sort(values)[:worst]))


def _tail(level: float) -> float:
    """1 - level without the noise of the subtraction (1 - 0.9 is 0.09999999999999998)."""
    if not 0.0 < level < 1.0:
        raise InvalidRecord(f"risk level {level} must lie between 0 and 1, as 0.95")
    return round(1.0 - level, _DIGITS)


def _values(returns: Sequence[float], level: float) -> FloatArray | None:
    values = np.asarray(returns, dtype=np.float64)
    enough = len(values) * _tail(level) >= 1.0 - 10.0**-_DIGITS
    return values if enough and bool(np.isfinite(values).all()) else None
