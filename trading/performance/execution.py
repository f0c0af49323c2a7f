"""Execution: what filling the orders cost against the price that was meant, and how many filled.

Slippage is positive when it cost money. The price that was meant is the one seen when the order was
planned; for a stop or a target it is its trigger, since the price seen then was another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trading.orders import Leg
from trading.units import ZERO, to_float


@dataclass(frozen=True, slots=True, kw_only=True)
class LegExecution:
    """Orders of one leg that were sent, and their fills. Amounts are quote."""

    leg: Leg
    sent: int
    filled: int
    """Filled completely."""
    unsettled: int
    """Still open, or not known yet."""
    filled_notional: Decimal
    maker_notional: Decimal
    """The part of it that added liquidity."""
    reference_notional: Decimal
    """The filled quantities at the prices that were meant, where one is known."""
    slippage_cost: Decimal
    """What the fills cost more than that; negative: less."""

    @property
    def slippage(self) -> float | None:
        """Ratio of the price that was meant; None when none is known."""
        return _ratio(self.slippage_cost, self.reference_notional)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionFigures:
    """Of all orders of an account that were sent."""

    sent: int
    filled_share: float | None
    """Entries and exits that filled over those that came to an end; stops and targets are left
    out, because most of them are cancelled as they should be."""
    maker_share: float | None
    """Of the filled notional."""
    slippage: float | None
    """Over all fills with a price that was meant; a ratio, positive is a cost."""
    slippage_cost: Decimal
    slippage_by_leg: dict[Leg, float]
    """Legs without a filled order are left out."""


def summarise_execution(legs: Sequence[LegExecution]) -> ExecutionFigures:
    """Figures of all legs together."""
    wanted = [each for each in legs if each.leg in (Leg.ENTRY, Leg.EXIT)]
    ended = sum(each.sent - each.unsettled for each in wanted)
    by_leg = {each.leg: each.slippage for each in legs}
    return ExecutionFigures(
        sent=sum(each.sent for each in legs),
        filled_share=sum(each.filled for each in wanted) / ended if ended else None,
        maker_share=_ratio(
            sum((each.maker_notional for each in legs), ZERO),
            sum((each.filled_notional for each in legs), ZERO),
        ),
        slippage=_ratio(
            sum((each.slippage_cost for each in legs), ZERO),
            sum((each.reference_notional for each in legs), ZERO),
        ),
        slippage_cost=sum((each.slippage_cost for each in legs), ZERO),
        slippage_by_leg={leg: value for leg, value in by_leg.items() if value is not None},
    )


def _ratio(part: Decimal, whole: Decimal) -> float | None:
    return to_float(part / whole) if whole > ZERO else None
