"""Orders of the tests, in our client's words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from adapters.venues.aster.tickets import Ticket

D = Decimal


def market(side: str = "BUY", quantity: str = "0.1", **more: Any) -> Ticket:
    terms = {"symbol": "BTCUSDT", "client_order_id": "entry", **more}
    return Ticket(side=side, type="MARKET", quantity=D(quantity), **terms)


def limit(price: str, side: str = "BUY", quantity: str = "0.1", **more: Any) -> Ticket:
    terms = {"symbol": "BTCUSDT", "client_order_id": "limit", "time_in_force": "GTC", **more}
    return Ticket(side=side, type="LIMIT", quantity=D(quantity), price=D(price), **terms)


def stop(trigger: str, side: str = "SELL", **more: Any) -> Ticket:
    terms = {"symbol": "BTCUSDT", "client_order_id": "stop", "type": "STOP_MARKET", **more}
    if not terms.get("quantity"):
        terms["close_position"] = True
    return Ticket(side=side, stop_price=D(trigger), **terms)


def target(trigger: str, side: str = "SELL", **more: Any) -> Ticket:
    return stop(
        trigger, side, **{"client_order_id": "target", "type": "TAKE_PROFIT_MARKET", **more}
    )
