"""What each member of a blend says: the record of one vote, and the words for it.

A member may enter only while it is active (its regimes); what it has brought into the position it
may also take out of it while it is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from trading.positions import Direction
from trading.signals import Signal

_LONGEST_REASON = 400
"""Characters; one member's words must not make the decision of all unreadable."""


class Stand(StrEnum):
    """Where a member stands."""

    LONG = "long"
    SHORT = "short"
    LEAVE = "leave"
    NO_OPINION = "no opinion"
    """Also during its warm-up."""
    OFF = "off"
    """Not for this regime, and no part of the position is its own."""
    FAILED = "failed"
    """It raised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One member at one instant."""

    member: str
    strategy: str
    weight: Fraction
    """Positive; only its ratio to the others' counts."""
    share: Fraction
    """Of the size, 0..1; zero while the member is not active."""
    is_active: bool
    """Whether the member is for this regime."""
    is_owner: bool
    """Whether the open position is its own, at least in part."""
    signal: Signal | None
    """None when it was not asked or failed."""
    problem: str = ""
    """Why it failed, or why it is off."""

    @property
    def stand(self) -> Stand:
        if self.signal is None:
            return Stand.FAILED if self.is_active or self.is_owner else Stand.OFF
        if self.signal.hold:
            return Stand.NO_OPINION
        return _STANDS[self.signal.direction]

    def enters(self, side: Direction) -> bool:
        """Whether it wants the position on that side and may say so."""
        return self.share > 0 and self.stand is _ENTRIES[side]

    @property
    def words(self) -> str:
        """One clause: who, what, how sure, with which part of the size, and why."""
        if self.signal is None:
            return f"{self.member} {self.stand} ({self.problem})"
        sure = ""
        if self.stand in (Stand.LONG, Stand.SHORT):
            sure = f" {self.signal.confidence:.2f} with {float(self.share):.2f} of the size"
        off = "" if self.is_active else " (not for this regime, heard for its position only)"
        return f"{self.member} {self.stand}{sure}{off}: {self.signal.reason[:_LONGEST_REASON]}"


_STANDS = {
    Direction.LONG: Stand.LONG,
    Direction.SHORT: Stand.SHORT,
    Direction.FLAT: Stand.LEAVE,
}
_ENTRIES = {Direction.LONG: Stand.LONG, Direction.SHORT: Stand.SHORT}
