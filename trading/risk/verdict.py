"""What risk answers: approved, shrunk or denied. A refusal is a value with its numbers.

Notional is quote, quantity is base, prices are quote per base. A verdict never asks for more than
the decision did: `notional <= asked` holds in each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trading.orders import Side
from trading.risk.codes import DenialCode

__all__ = ["Approved", "DenialCode", "Denied", "Shrunk", "Verdict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """An entry (or a close) that may be sent as it stands."""

    symbol: str
    side: Side
    asked: Decimal
    """Notional of the decision, quote."""
    notional: Decimal
    """Quantity times `price`, quote; never above `asked`."""
    quantity: Decimal
    """Base; a multiple of the step, rounded down."""
    price: Decimal
    """Reference: ask for a buy, bid for a sell."""
    leverage: int
    """What the venue is to be told for the symbol."""
    stop_price: Decimal | None
    take_profit_price: Decimal | None
    stop_is_default: bool = False
    """True: the decision had no stop, the account's ATR stop was added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk(Approved):
    """Approved, but smaller than asked; the limit named is the one that binds."""

    code: DenialCode
    limit: str
    actual: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """Refused by us; no message leaves the house."""

    symbol: str
    code: DenialCode
    limit: str
    """The allowed value as text, as it was then."""
    actual: str
    """The value found, as text; `unknown` when it was missing."""
    sentence: str


Verdict = Approved | Shrunk | Denied
