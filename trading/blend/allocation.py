"""Which part of the size each member of a blend may use. Exact fractions that never exceed one.

Only closed outcomes count, and only those closed at or before the instant of the decision: an open
position's result is no knowledge yet. A member with too few of them is treated as an average one.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from trading.blend_plan import Allocation, Blend

FEWEST_OUTCOMES = 10
"""Below this the scatter of results says next to nothing."""
OUTCOMES_KEPT = 50
"""The newest of each member."""
LEAST_SCATTER = 1e-4
"""A member whose results are all alike must not get everything."""
STRONGEST_FACTOR = 2.0
"""Performance at most doubles or halves a weight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberOutcome:
    """What one closed trade earned that a member had voted for."""

    member: str
    closed_at: datetime
    return_ratio: float
    """Net result over the notional that was entered."""


def member_weights(
    blend: Blend, outcomes: Iterable[MemberOutcome], at: datetime
) -> dict[str, Fraction]:
    """Weight of every working member after the blend's way of allocating; only ratios count."""
    weights = {member.name: Fraction(member.weight) for member in blend.working}
    if blend.allocation is Allocation.WEIGHTS:
        return weights
    returns = _returns(outcomes, weights, at)
    rule = _RULES[blend.allocation]
    factors = rule({name: returns.get(name, ()) for name in weights})
    return {name: weight * Fraction(factors[name]) for name, weight in weights.items()}


def allocate(
    weights: Mapping[str, Fraction], active: Collection[str], max_share: Fraction
) -> dict[str, Fraction]:
    """Share of the size of each active member, each at most `max_share`, together at most one.

    The part of members that are not active goes to the active ones; what `max_share` cuts off
    goes to nobody.
    """
    together = sum((weights[name] for name in active), Fraction(0))
    if not together:
        return {}
    return {name: min(weights[name] / together, max_share) for name in active}


def _returns(
    outcomes: Iterable[MemberOutcome], names: Collection[str], at: datetime
) -> dict[str, tuple[float, ...]]:
    """The newest returns of each member, known at `at`; of equal instants the smaller one first."""
    known = sorted(
        (each for each in outcomes if each.closed_at <= at and each.member in names),
        key=lambda each: (each.closed_at, each.return_ratio),
    )
    by_member: dict[str, list[float]] = {}
    for each in known:
        if math.isfinite(each.return_ratio):
            by_member.setdefault(each.member, []).append(each.return_ratio)
    return {name: tuple(values[-OUTCOMES_KEPT:]) for name, values in by_member.items()}


def _by_inverse_volatility(returns: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """1 over the deviation of a member's returns; unknown ones count as the median of the known."""
    scatter = {
        name: max(statistics.stdev(values), LEAST_SCATTER)
        for name, values in returns.items()
        if len(values) >= FEWEST_OUTCOMES
    }
    usual = statistics.median(scatter.values()) if scatter else 1.0
    return {name: usual / scatter.get(name, usual) for name in returns}


def _by_performance(returns: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """2 to the power of mean over deviation, cut to half and twice; unknown ones count as 1."""
    factors = dict.fromkeys(returns, 1.0)
    for name, values in returns.items():
        if len(values) >= FEWEST_OUTCOMES:
            scatter = max(statistics.stdev(values), LEAST_SCATTER)
            ratio = statistics.fmean(values) / scatter
            factors[name] = STRONGEST_FACTOR ** min(max(ratio, -1.0), 1.0)
    return factors


_RULES: dict[Allocation, Callable[[Mapping[str, Sequence[float]]], dict[str, float]]] = {
    Allocation.INVERSE_VOLATILITY: _by_inverse_volatility,
    Allocation.PERFORMANCE: _by_performance,
}
