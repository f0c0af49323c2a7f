"""Online logistic regression, walked forward: the learner inside `ml_scalper`.

At each candle the learner first takes in the one sample whose label has just become known
(`horizon` candles old), then forecasts. No label is used before its candle closed, weights start
at zero and samples come in order: the same candles always give the same forecast.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
LARGEST_SCORE = 30.0
"""Scores are clipped here before `exp`; the probability is 1 to 13 digits by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecasts:
    """Probability of a higher close after `horizon` candles, one per row of features."""

    probabilities: FloatArray
    """`probabilities[t]` depends on features[:t + 1] and closes[:t + 1] only."""
    hit_ratio: float
    """Share of past forecasts, each made before its label was known, on the right side of 1/2."""
    scored: int
    """Forecasts that could be scored; with none the hit ratio is 0."""


def walk_forward(
    features: FloatArray,
    closes: FloatArray,
    *,
    horizon: int,
    learning_rate: float,
    shrinkage: float,
) -> Forecasts:
    """Forecast at every row, learning only from what was known there.

    `features` is (n, k), `closes` (n,), oldest first, without NaN. `shrinkage` pulls the weights
    towards zero at each step (ridge), so that old regimes fade.
    """
    labels = _labels(closes, horizon)
    weights = np.zeros(features.shape[1])
    probabilities = np.empty(len(features))
    for now in range(len(features)):
        known = now - horizon
        if known >= 0:
            error = labels[known] - _probability(weights, features[known])
            weights += learning_rate * (error * features[known] - shrinkage * weights)
        probabilities[now] = _probability(weights, features[now])
    past = probabilities[: len(labels)]
    scored = (labels != 0.5) & (past != 0.5)
    count = int(scored.sum())
    hits = int((((past > 0.5) == (labels > 0.5)) & scored).sum())
    return Forecasts(
        probabilities=probabilities, hit_ratio=hits / count if count else 0.0, scored=count
    )


def _labels(closes: FloatArray, horizon: int) -> FloatArray:
    """1 for a higher close `horizon` later, 0 for a lower one, 1/2 for the same (teaches nothing)."""
    return 0.5 + 0.5 * np.sign(closes[horizon:] - closes[:-horizon])


def _probability(weights: FloatArray, row: FloatArray) -> float:
    score = float(weights @ row)
    return 1.0 / (1.0 + math.exp(-min(max(score, -LARGEST_SCORE), LARGEST_SCORE)))
