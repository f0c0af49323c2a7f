"""Which positions are one bet: the correlation of their returns, measured on closed 4h candles.

Measure: Pearson's correlation of the log returns of the last 90 closed 4h candles (15 days), at
least 30; what cannot be measured counts as fully correlated, whichever way round it is held.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from math import isfinite

import numpy as np

from trading.candles import CandleWindow
from trading.market import MarketView
from trading.risk.positions import MarkedPosition
from trading.timeframes import Timeframe

CORRELATION_TIMEFRAME = Timeframe.H4
"""Every account reads the same number of these, so a pair has one correlation in the arena."""
MOST_RETURNS = 90
FEWEST_RETURNS = 30
"""Below it chance alone often shows 0.4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlations:
    """Of the returns of pairs of symbols, -1 to 1."""

    by_pair: Mapping[frozenset[str], float] = field(default_factory=dict[frozenset[str], float])

    def of(self, first: str, second: str) -> float | None:
        """None when it is not known; 1 of a symbol with itself."""
        if first == second:
            return 1.0
        value = self.by_pair.get(frozenset((first, second)))
        return value if value is not None and isfinite(value) else None


def compute_correlations(views: Iterable[MarketView]) -> Correlations:
    """Of all pairs of the views; a pair that cannot be measured is left out."""
    windows = {view.symbol: view.windows.get(CORRELATION_TIMEFRAME) for view in views}
    by_pair: dict[frozenset[str], float] = {}
    for (first, one), (second, other) in combinations(windows.items(), 2):
        value = None if one is None or other is None else _correlation(one, other)
        if value is not None:
            by_pair[frozenset((first, second))] = value
    return Correlations(by_pair=by_pair)


def one_bet(
    symbol: str,
    sign: int,
    positions: Iterable[MarkedPosition],
    correlations: Correlations,
    threshold: float,
) -> tuple[MarkedPosition, ...]:
    """The positions that would be one bet with an entry of `sign` (1 long, -1 short).

    Two are one bet when they move together: correlation x direction x direction at or above the
    threshold. What is one bet with one of them belongs to all, so no order of entries passes more.
    """
    bet: list[MarkedPosition] = []
    left = list(positions)
    frontier = [(symbol, sign)]
    while frontier:
        asked = frontier.pop()
        joined = [item for item in left if _move_together(asked, item, correlations, threshold)]
        left = [item for item in left if item not in joined]
        bet += joined
        frontier += [(item.position.symbol, item.position.direction.sign) for item in joined]
    return tuple(bet)


def _move_together(
    asked: tuple[str, int], item: MarkedPosition, correlations: Correlations, threshold: float
) -> bool:
    symbol, sign = asked
    value = correlations.of(symbol, item.position.symbol)
    return value is None or value * sign * item.position.direction.sign >= threshold


def _correlation(one: CandleWindow, other: CandleWindow) -> float | None:
    count = min(len(one), len(other), MOST_RETURNS + 1)
    if count <= FEWEST_RETURNS or one.closed_at != other.closed_at:
        return None
    # Windows are contiguous and end together, so equal places are equal instants.
    first, second = (np.diff(np.log(each.closes[-count:])) for each in (one, other))
    if not first.any() or not second.any():
        return None  # a price that never moves has no correlation
    value = float(np.corrcoef(first, second)[0, 1])
    return value if isfinite(value) else None
