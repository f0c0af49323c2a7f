"""Excursions of a trade: how far the price went against it and in its favour; ratios of the entry.

They come from candles that lie wholly inside the time of the trade and from its own exit, because
inside the candle of the entry nobody knows what came before it: the true excursion is at least this.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trading.positions import Direction
from trading.units import ZERO, to_float


@dataclass(frozen=True, slots=True, kw_only=True)
class Excursions:
    """Both never negative; 0.02 is 2 % of the entry price."""

    adverse: float
    """MAE: the furthest against the trade."""
    favourable: float
    """MFE: the furthest in its favour."""


def compute_excursions(
    direction: Direction,
    *,
    entry_price: Decimal,
    lowest: Decimal | None,
    highest: Decimal | None,
    exit_price: Decimal | None = None,
) -> Excursions | None:
    """None without candles (`lowest`, `highest`) or without a positive entry price."""
    if lowest is None or highest is None or entry_price <= ZERO:
        return None
    prices = [lowest, highest, entry_price]
    if exit_price is not None:
        prices.append(exit_price)
    moves = [(price - entry_price) * direction.sign / entry_price for price in prices]
    return Excursions(adverse=to_float(-min(moves)), favourable=to_float(max(moves)))
