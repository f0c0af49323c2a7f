"""Confidence of a rule: how far a measure is past its threshold, as a ratio in 0..1."""

from __future__ import annotations

import numpy as np

from trading.candles import FloatArray

AT_THRESHOLD = 0.55
"""A rule that just fires is slightly above the default `min_confidence` of an account (0.5)."""


def compute_confidence(
    measure: FloatArray | float, *, threshold: FloatArray | float, certain: FloatArray | float
) -> FloatArray:
    """`AT_THRESHOLD` at the threshold, 1 at `certain`, linear between, never outside.

    `certain` may lie below `threshold` for measures that are stronger when smaller. Equal ends
    or a measure that is not a number give `AT_THRESHOLD`.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        past, span = np.broadcast_arrays(measure - threshold, certain - threshold)
        share = np.divide(past, span, out=np.zeros(past.shape), where=span != 0.0)
    return AT_THRESHOLD + (1.0 - AT_THRESHOLD) * np.clip(np.nan_to_num(share, nan=0.0), 0.0, 1.0)
