"""Online logistic regression, walked forward: the learner inside `ml_scalper`.

At each candle the learner first takes in the one sample whose label has just become known
(`horizon` candles old), then forecasts. No label is used before its candle closed, weights start
at zero and samples come in order: the same candles always give the same forecast. Every row is
answered by a learner that began `window` rows before it, as a cycle's learner does, so that a run
over years says what the cycles would have said.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecasts:
    """One value per row of features; the value at `t` depends on features and closes up to `t`."""

    probabilities: FloatArray
    """Of a higher close after `horizon` candles."""
    hit_ratio: FloatArray
    """Share of the scored forecasts that were on the right side of 1/2; 0 with none."""
    scored: IntArray
    """Forecasts of the same learner, each made before its label was known, that could be scored by
    now: those that said something about a close that moved."""


def walk_forward(
    features: FloatArray,
    closes: FloatArray,
    *,
    horizon: int,
    learning_rate: float,
    shrinkage: float,
    window: int,
) -> Forecasts:
    """Forecast at every row, learning only from what was known there.

    `features` is (n, k), `closes` (n,), oldest first. A row is answered by the learner that began
    `window` rows before (its own included), or at the first row. `shrinkage` pulls the weights
    towards zero at each step (ridge), so that old regimes fade.
    """
    count, labels = len(features), _labels(closes, horizon)
    learners = _Learners(count, features.shape[1], horizon=horizon, window=window)
    probabilities, hit_ratio = np.empty(count), np.zeros(count)
    scored = np.zeros(count, dtype=np.int64)
    for now in range(count):
        learners.begin(now)
        if now >= horizon:
            learners.score(now, labels[now - horizon])
            learners.learn(now, features[now - horizon], labels[now - horizon],
                           learning_rate, shrinkage)  # fmt: skip
        learners.forecast(now, features[now])
        oldest = learners.place_of(max(0, now - window + 1))
        probabilities[now] = learners.forecasts[now % horizon, oldest]
        scored[now] = learners.scored[oldest]
        if scored[now]:
            hit_ratio[now] = learners.hits[oldest] / scored[now]
    return Forecasts(probabilities=probabilities, hit_ratio=hit_ratio, scored=scored)


class _Learners:
    """The learners that some row still asks for, one per start, stepped side by side.

    A run of one window needs one. In a longer run a place is free again when its learner has
    answered its last row, `window` rows after its start.
    """

    def __init__(self, count: int, features: int, *, horizon: int, window: int) -> None:
        self._starts_wanted = max(1, count - window + 1)
        places = min(window, self._starts_wanted)
        self._horizon = horizon
        self._weights = np.zeros((places, features))
        self._rates = np.zeros((places, 1))
        """0 until the first sample of a learner is known."""
        self.forecasts = np.full((horizon, places), 0.5)
        """Those of the last `horizon` rows, by row modulo `horizon`; 1/2 before a learner began."""
        self.hits = np.zeros(places, dtype=np.int64)
        self.scored = np.zeros(places, dtype=np.int64)

    def place_of(self, start: int) -> int:
        return start % len(self.hits)

    def begin(self, now: int) -> None:
        """A learner that starts here, where a later row will ask for it."""
        if now < self._starts_wanted:
            place = self.place_of(now)
            self._weights[place] = self._rates[place] = 0.0
            self.forecasts[:, place] = 0.5
            self.hits[place] = self.scored[place] = 0

    def score(self, now: int, label: float) -> None:
        """Whether the forecasts that were made `horizon` rows ago were right."""
        if label in (0.0, 1.0):
            past = self.forecasts[now % self._horizon]
            self.scored += past != 0.5
            self.hits += past > 0.5 if label else past < 0.5

    def learn(
        self, now: int, row: FloatArray, label: float, learning_rate: float, shrinkage: float
    ) -> None:
        """Take in the sample of `horizon` rows ago, where the learner had begun by then."""
        # The learner that began with this sample learns from now on; the others do already.
        self._rates[self.place_of(now - self._horizon)] = learning_rate
        error = label - self._probabilities(row)
        step = error[:, np.newaxis] * row - shrinkage * self._weights
        self._weights += self._rates * step

    def forecast(self, now: int, row: FloatArray) -> None:
        self.forecasts[now % self._horizon] = self._probabilities(row)

    def _probabilities(self, row: FloatArray) -> FloatArray:
        # A sum over the last axis has the same bits for one learner and for many; a product of
        # matrices has not. The logistic function as a tanh cannot overflow.
        score = np.add.reduce(self._weights * row, axis=1)
        return 0.5 + 0.5 * np.tanh(0.5 * score)


def _labels(closes: FloatArray, horizon: int) -> FloatArray:
    """1 for a higher close `horizon` later, 0 for a lower one, 1/2 for the same (teaches nothing)."""
    return 0.5 + 0.5 * np.sign(closes[horizon:] - closes[:-horizon])
