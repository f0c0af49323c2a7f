"""Return on margin, the "leverage-adjusted PnL" of the documents: for display and tiers only."""

from __future__ import annotations

from decimal import Decimal

from trading.positions import Direction
from trading.units import ZERO


def compute_return_on_margin(
    direction: Direction, *, entry_price: Decimal, price: Decimal, leverage: int
) -> Decimal | None:
    """(price - entry) / entry x leverage, sign turned for shorts; a ratio, 0.08 is 8 %.

    None when entry or price is not a positive number.
    """
    usable = all(level.is_finite() and level > ZERO for level in (entry_price, price))
    if not usable:
        return None
    return (price - entry_price) * leverage * direction.sign / entry_price
