"""A live account against its paper twin: what real trading costs beyond the paper model, and how the
venue behaves. Both carry out the same decisions, so every difference comes from the venue.

Basis points are of the price compared with, positive is a cost of the live account. What nothing is
known of is None, never zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from trading.orders import Side
from trading.units import ZERO, to_float

BPS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledEntry:
    """What the entry of one decision got."""

    quantity: Decimal
    """Base, positive."""
    notional: Decimal
    """Quote: the sum of quantity x price over its fills."""

    @property
    def price(self) -> Decimal:
        """Average, quote per base."""
        return self.notional / self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPair:
    """The entries of one decision: the live account's and its twin's."""

    decision_id: UUID
    """Of the live account."""
    twin_decision_id: UUID
    """Of the twin, which repeats it."""
    symbol: str
    side: Side
    decided_at: datetime
    live: FilledEntry | None
    """None: nothing was filled."""
    paper: FilledEntry | None

    @property
    def tracking_bps(self) -> float | None:
        """How much worse the live fill is than the paper one; None unless both filled."""
        if self.live is None or self.paper is None:
            return None
        given_up = (self.live.price - self.paper.price) * self.side.sign
        return to_float(given_up / self.paper.price * BPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueAnswers:
    """How the venue answered orders that were sent to it."""

    sent: int = 0
    filled: int = 0
    """Completely."""
    refused: int = 0
    """By the venue."""
    unknown: int = 0
    """Their answer was lost, whatever was found out later."""
    unreached: int = 0
    """They certainly never arrived."""

    def __add__(self, other: VenueAnswers) -> VenueAnswers:
        return VenueAnswers(
            sent=self.sent + other.sent,
            filled=self.filled + other.filled,
            refused=self.refused + other.refused,
            unknown=self.unknown + other.unknown,
            unreached=self.unreached + other.unreached,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """All pairs of entries together."""

    both_filled: int
    only_live: int
    """Filled in the live account alone."""
    only_paper: int
    tracking_bps: float | None
    """Weighted by the live quantities; None without a pair in which both filled."""
    tracking_cost: Decimal | None
    """Quote: what the live fills cost more than the paper prices; negative: less."""


def summarise_tracking(pairs: Sequence[EntryPair]) -> Tracking:
    """The live quantities at live prices against the same quantities at paper prices."""
    both = [(p.side, p.live, p.paper) for p in pairs if p.live is not None and p.paper is not None]
    at_paper = sum((paper.price * live.quantity for _, live, paper in both), ZERO)
    cost = sum(
        (side.sign * (live.notional - paper.price * live.quantity) for side, live, paper in both),
        ZERO,
    )
    return Tracking(
        both_filled=len(both),
        only_live=sum(p.live is not None and p.paper is None for p in pairs),
        only_paper=sum(p.live is None and p.paper is not None for p in pairs),
        tracking_bps=to_float(cost / at_paper * BPS) if at_paper > ZERO else None,
        tracking_cost=cost if both else None,
    )


def compute_divergence(live: float | None, paper: float | None) -> float | None:
    """Live return minus paper return (ratios); None when either is."""
    return None if live is None or paper is None else live - paper


def execution_success(entries_and_exits: VenueAnswers) -> float | None:
    """Orders filled over orders sent; None when none was sent."""
    return _share(entries_and_exits.filled, entries_and_exits.sent)


def error_rate(all_orders: VenueAnswers) -> float | None:
    """Orders refused, with a lost answer or never arrived, over orders sent; None without any."""
    failed = all_orders.refused + all_orders.unknown + all_orders.unreached
    return _share(failed, all_orders.sent)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
