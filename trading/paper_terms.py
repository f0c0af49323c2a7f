"""What a paper account pays and how its orders are filled: chosen per account, defaults of the rules.

Fees and slippage are ratios of fill notional. Nothing here may be better for the trader than a real
venue would be: a ratio is never negative, a policy never fills at more than the price that is there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum

from trading.errors import InvalidRecord
from trading.units import ONE, ZERO

MOST_RATIO = Decimal("0.05")
"""Of a fee or of slippage: more is a percent that was taken for a ratio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperFees:
    """Ratios of fill notional (rules: section 2, defaults of seed 004)."""

    maker: Decimal = Decimal("0.0002")
    taker: Decimal = Decimal("0.0006")
    slippage: Decimal = Decimal("0.0005")
    """Against the trader on every taker fill; none on resting limits."""

    def __post_init__(self) -> None:
        for each in fields(self):
            ratio: Decimal = getattr(self, each.name)
            if not (ratio.is_finite() and ZERO <= ratio <= MOST_RATIO):
                raise InvalidRecord(
                    f"{each.name} is {ratio}, allowed is a ratio from 0 to {MOST_RATIO}"
                )


class SlippagePolicy(StrEnum):
    """What a taker gives up at the instant of its order; see `trading.matching.slippage`."""

    FIXED = "fixed"
    """The last price, worsened by the ratio `PaperFees.slippage`."""
    SPREAD = "spread"
    """The best price of the other side, never better than the last price."""
    DEPTH = "depth"
    """The levels of the order book, one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperExecution:
    """How orders of a book are filled, beside what they cost."""

    slippage: SlippagePolicy = SlippagePolicy.FIXED
    volume_share: Decimal | None = None
    """Largest share of a candle's volume that fills resting limit orders; None: touch is enough."""

    def __post_init__(self) -> None:
        if self.volume_share is not None and not ZERO < self.volume_share <= ONE:
            raise InvalidRecord(f"volume share {self.volume_share} must be above 0, at most 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperTerms:
    """Both together, as an account is configured with them."""

    fees: PaperFees = field(default_factory=PaperFees)
    execution: PaperExecution = field(default_factory=PaperExecution)
