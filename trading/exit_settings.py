"""How an account lets profits run: the tiers of the trailing stop and the pullback from the peak.

Profits are leverage-adjusted ratios (0.08 is 8 %): price change over entry, times the position's
leverage. The one rule: a later tier asks for more profit and keeps more of it, so that moving
through the tiers can only tighten a stop.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from trading.errors import InvalidRecord
from trading.units import ONE, ZERO, plain

MOST_TIERS = 10
LARGEST_PROFIT = Decimal(2)
"""Twice the margin; what is beyond it is a slip of the pen, such as 8 for 8 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """When the profit has reached `profit`, the stop moves to where `stop` is kept."""

    profit: Decimal
    """Leverage-adjusted, above 0 and up to `LARGEST_PROFIT`."""
    stop: Decimal
    """Leverage-adjusted, from 0 (the entry price) to below `profit`."""

    def __post_init__(self) -> None:
        profit, stop = self.profit, self.stop
        if not (profit.is_finite() and ZERO < profit <= LARGEST_PROFIT):
            raise InvalidRecord(
                f"tiers has a profit of {profit}, allowed is a ratio above 0 and up to"
                f" {LARGEST_PROFIT}"
            )
        if not (stop.is_finite() and ZERO <= stop < profit):
            raise InvalidRecord(
                f"tiers has a stop of {stop} at a profit of {plain(profit)}, allowed is a ratio"
                " from 0 to below that profit"
            )


DEFAULT_TIERS = (
    Tier(profit=Decimal("0.08"), stop=Decimal("0.03")),
    Tier(profit=Decimal("0.15"), stop=Decimal("0.08")),
    Tier(profit=Decimal("0.25"), stop=Decimal("0.15")),
)
"""Those of rules.md section 4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitSettings:
    """Tiers and pullback of an account; the defaults are those of the rules, section 4."""

    tiers: tuple[Tier, ...] = DEFAULT_TIERS
    """By rising profit; none: stops stay where the decision put them, and no pullback closes."""
    pullback: Decimal | None = Decimal("0.30")
    """Share of the peak profit that may be given back once a tier was reached; None: any share."""

    def __post_init__(self) -> None:
        if len(self.tiers) > MOST_TIERS:
            raise InvalidRecord(f"tiers has {len(self.tiers)} entries, allowed is {MOST_TIERS}")
        for lower, higher in pairwise(self.tiers):
            if not (lower.profit < higher.profit and lower.stop < higher.stop):
                raise InvalidRecord(
                    f"tiers has {plain(higher.profit)}:{plain(higher.stop)} after"
                    f" {plain(lower.profit)}:{plain(lower.stop)}, allowed are tiers whose profit"
                    " and stop both rise"
                )
        pullback = self.pullback
        if pullback is not None and not (pullback.is_finite() and ZERO < pullback <= ONE):
            raise InvalidRecord(
                f"pullback is {pullback}, allowed is a ratio above 0 and up to 1, or nothing"
            )


EXIT_SETTING_NAMES = ("tiers", "pullback")
