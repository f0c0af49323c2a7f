"""Orders in the venue's words, checked against its own rules before a byte is sent.

Decimals go out as plain digits, flags as the texts the venue documents. A ticket has no field for a
builder or a fee rate, so no order can pay one (reference: aster 2.5 and 5.2). The client id is
required: without it an order whose answer is lost could not be found again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from trading.errors import InvalidRecord
from trading.units import plain

CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")
_MARKET_TRIGGERS = ("STOP_MARKET", "TAKE_PROFIT_MARKET")
_LIMIT_TRIGGERS = ("STOP", "TAKE_PROFIT")

TicketType = Literal[
    "LIMIT",
    "MARKET",
    "STOP",
    "TAKE_PROFIT",
    "STOP_MARKET",
    "TAKE_PROFIT_MARKET",
    "TRAILING_STOP_MARKET",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One order to be placed."""

    symbol: str
    side: Literal["BUY", "SELL"]
    type: TicketType
    client_order_id: str
    """Unique among open orders only: not a protection against sending twice."""
    quantity: Decimal | None = None
    """Base; None only with `close_position`."""
    price: Decimal | None = None
    stop_price: Decimal | None = None
    activation_price: Decimal | None = None
    callback_rate: Decimal | None = None
    """Percent, 0.1 to 5."""
    time_in_force: Literal["GTC", "IOC", "FOK", "GTX", "HIDDEN"] | None = None
    reduce_only: bool = False
    close_position: bool = False
    """Closes whatever the position is when triggered; excludes quantity and reduce-only."""
    working_type: Literal["MARK_PRICE", "CONTRACT_PRICE"] | None = None
    price_protect: bool = False
    position_side: Literal["BOTH", "LONG", "SHORT"] | None = None
    response: Literal["RESULT", "ACK"] = "RESULT"
    """RESULT: a market order is answered when it is filled."""

    def __post_init__(self) -> None:
        problem = _problem(self)
        if problem is not None:
            raise InvalidRecord(f"order {self.client_order_id[:40]!r} of {self.symbol}: {problem}")

    def parameters(self) -> list[tuple[str, str]]:
        """Names and values as the venue takes them, `newOrderRespType` included."""
        return [*self._terms("newClientOrderId"), ("newOrderRespType", self.response)]

    def sub_order(self) -> dict[str, str]:
        """The same as an item of a strategy order, where the client id has another name."""
        return dict(self._terms("clientOrderId"))

    def _terms(self, client_id_name: str) -> list[tuple[str, str]]:
        pairs: list[tuple[str, str | Decimal | None]] = [
            ("symbol", self.symbol),
            ("side", self.side),
            ("positionSide", self.position_side),
            ("type", self.type),
            ("timeInForce", self.time_in_force),
            ("quantity", self.quantity),
            ("price", self.price),
            ("stopPrice", self.stop_price),
            ("activationPrice", self.activation_price),
            ("callbackRate", self.callback_rate),
            ("workingType", self.working_type),
            ("reduceOnly", "true" if self.reduce_only else None),
            ("closePosition", "true" if self.close_position else None),
            ("priceProtect", "TRUE" if self.price_protect else None),
            (client_id_name, self.client_order_id),
        ]
        return [
            (name, plain(value) if isinstance(value, Decimal) else value)
            for name, value in pairs
            if value is not None
        ]


def check_client_id(client_order_id: str) -> str:
    """Raises `InvalidRecord` for an id that the venue would not take."""
    if CLIENT_ID.fullmatch(client_order_id) is None:
        raise InvalidRecord(
            f"client order id {client_order_id[:60]!r} must be 1 to 36 of letters, digits and .:/_-"
        )
    return client_order_id


def _problem(ticket: Ticket) -> str | None:
    check_client_id(ticket.client_order_id)
    return _broken_number(ticket) or _broken_close(ticket) or _missing(ticket)


def _broken_number(ticket: Ticket) -> str | None:
    for name in ("quantity", "price", "stop_price", "activation_price", "callback_rate"):
        value: Decimal | None = getattr(ticket, name)
        if value is not None and not (value.is_finite() and value > 0):
            return f"{name} is {value}, not a positive number"
    rate = ticket.callback_rate
    if rate is not None and not Decimal("0.1") <= rate <= 5:
        return f"callback_rate is {rate}, allowed is 0.1 to 5 percent"
    return None


def _broken_close(ticket: Ticket) -> str | None:
    if not ticket.close_position:
        return None
    if ticket.type not in _MARKET_TRIGGERS:
        return f"close_position is for {' and '.join(_MARKET_TRIGGERS)} only"
    if ticket.quantity is not None or ticket.reduce_only:
        return "close_position excludes quantity and reduce_only"
    return None


def _missing(ticket: Ticket) -> str | None:
    needed = {"quantity": not ticket.close_position}
    if ticket.type == "LIMIT":
        needed |= {"time_in_force": True, "price": True}
    elif ticket.type in _LIMIT_TRIGGERS:
        needed |= {"price": True, "stop_price": True}
    elif ticket.type in _MARKET_TRIGGERS:
        needed |= {"stop_price": True}
    elif ticket.type == "TRAILING_STOP_MARKET":
        needed |= {"callback_rate": True}
    missing = [name for name, is_needed in needed.items() if is_needed and not _given(ticket, name)]
    return f"{ticket.type} needs {', '.join(missing)}" if missing else None


def _given(ticket: Ticket, name: str) -> bool:
    return getattr(ticket, name) is not None
