"""Stop and target of an entry against the price: positive, near, and on their right sides.

Prices are quote per base. These are the checks of a reply as it is read; risk checks the levels
again against every price of the quote when the order is about to be made.
"""

from __future__ import annotations

from decimal import Decimal

from trading.decision.reply.fields import Fields
from trading.decision.reply.outcomes import Outcome
from trading.orders import Side
from trading.risk.draft import as_text
from trading.risk.level_checks import MAX_LEVEL_DISTANCE
from trading.units import ONE, ZERO, plain

LARGEST_ALLOCATION = Decimal("1e12")
"""Quote. More than all perpetuals of the world together: a slip, and nothing to compute with."""


def require_allocation(fields: Fields, allocation: Decimal) -> None:
    """Raises `RefusedEntry` unless the notional is zero or more, and an amount of this world."""
    if not ZERO <= allocation <= LARGEST_ALLOCATION:
        raise fields.refusal(
            Outcome.OUT_OF_RANGE, f"allocation_usd is {allocation}, it must be 0 or more"
        )


def require_levels(
    fields: Fields,
    side: Side,
    price: Decimal | None,
    *,
    stop: tuple[str, Decimal | None],
    target: tuple[str, Decimal | None],
) -> None:
    """Raises `RefusedEntry` unless stop and target (with the names of their fields) fit the price.

    buy: stop < price < target; sell: target < price < stop.
    """
    if price is None or not (price.is_finite() and price > ZERO):
        raise fields.refusal(Outcome.NO_PRICE, "the price is not known, so nothing can be opened")
    named = [(name, level) for name, level in (stop, target) if level is not None]
    low, high = price * (ONE - MAX_LEVEL_DISTANCE), price * (ONE + MAX_LEVEL_DISTANCE)
    for name, level in named:
        if not (level > ZERO and low <= level <= high):
            raise fields.refusal(
                Outcome.OUT_OF_RANGE,
                f"{name} is {level}, it must lie within half of the price, from {as_text(low)} to"
                f" {as_text(high)}",
            )
    for name, level in named:
        is_below = (name == stop[0]) == (side is Side.BUY)
        if not (level < price if is_below else level > price):
            raise fields.refusal(
                Outcome.WRONG_SIDE,
                f"{name} of a {side} must be {'below' if is_below else 'above'} the price"
                f" {plain(price)}, it is {level}",
            )
