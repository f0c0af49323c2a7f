"""Confidence of a rule: how far a measure is past its threshold, as a ratio in 0..1."""

from __future__ import annotations

AT_THRESHOLD = 0.55
"""A rule that just fires is slightly above the default `min_confidence` of an account (0.5)."""


def compute_confidence(measure: float, *, threshold: float, certain: float) -> float:
    """`AT_THRESHOLD` at the threshold, 1 at `certain`, linear between, never outside.

    `certain` may lie below `threshold` for measures that are stronger when smaller. Equal ends
    or a measure that is not a number give `AT_THRESHOLD`.
    """
    span = certain - threshold
    share = (measure - threshold) / span if span else 0.0
    return AT_THRESHOLD + (1.0 - AT_THRESHOLD) * (
        min(max(share, 0.0), 1.0) if share == share else 0.0
    )
