"""The trailing stop: it follows the best price since its activation, at a fixed ratio behind.

A selling one follows upwards (activation above the market), a buying one downwards. It triggers
when the price has come back by `callback_ratio`. Prices are quote per base; the trigger is not
rounded, its fill is, against the trader.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from trading.orders import Order, OrderType, Side
from trading.units import ONE, ZERO

MIN_CALLBACK = Decimal("0.001")
MAX_CALLBACK = Decimal("0.05")
"""Aster: callbackRate from 0.1 to 5 percent."""


def trailing_trigger(order: Order) -> Decimal | None:
    """Price at which it fires; None while it is not active."""
    if order.extreme_price is None:
        return None
    distance = order.request.callback_ratio or ZERO
    return order.extreme_price * (ONE + distance * order.request.side.sign)


def followed(order: Order, price: Decimal) -> Order:
    """The order after the price was at `price`; every other kind of order is left as it is."""
    request = order.request
    if request.order_type is not OrderType.TRAILING_STOP_MARKET:
        return order
    is_sell = request.side is Side.SELL
    if order.extreme_price is None:
        start = request.activation_price
        if start is not None and (price < start if is_sell else price > start):
            return order
        return replace(order, extreme_price=price)
    best = max(order.extreme_price, price) if is_sell else min(order.extreme_price, price)
    return order if best == order.extreme_price else replace(order, extreme_price=best)
