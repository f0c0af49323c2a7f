"""When a figure may be taken for a price: it is known, a finite number and above zero."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeGuard

from trading.units import ZERO


def is_price(price: Decimal | None) -> TypeGuard[Decimal]:
    """False for None, NaN, infinity, zero and below: none of them may close a position."""
    return price is not None and price.is_finite() and price > ZERO
