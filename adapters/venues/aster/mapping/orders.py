"""The venue's orders as ours. Quantities are base, prices quote per base.

Orders of other hands are read as well: a word that only they use (an order type, a time in force)
becomes the nearest of ours and never an error. A status is different: from a word that nobody knows
nothing is concluded, except that an order in the list of open ones is open.
"""

from __future__ import annotations

from decimal import Decimal

from adapters.venues.aster.mapping.instants import instant_of
from adapters.venues.aster.payloads.orders import OrderPayload
from adapters.venues.aster.payloads.payload import WrongAnswer
from trading.errors import InvalidRecord
from trading.orders import (
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    PriceKind,
    Side,
    TimeInForce,
)
from trading.units import ZERO

_HUNDRED = Decimal(100)
_STATUSES = {
    "NEW": OrderStatus.NEW,
    "PENDING": OrderStatus.PENDING,
    "PARTIALLY_FILLED": OrderStatus.PARTIALLY_FILLED,
    "FILLED": OrderStatus.FILLED,
    "CANCELED": OrderStatus.CANCELED,
    "REJECTED": OrderStatus.REJECTED,
    "EXPIRED": OrderStatus.EXPIRED,
    "EXPIRED_IN_MATCH": OrderStatus.EXPIRED,
}
_FORCED = ("NEW_INSURANCE", "NEW_ADL")
"""The venue's own liquidation and deleveraging orders; how far they are says what was executed."""
_TYPES = {each.value.upper(): each for each in OrderType}
_FORCES = {each.value.upper(): each for each in TimeInForce}
_SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}


class UnknownWord(WrongAnswer):
    """A word of an order from which nothing may be concluded."""


def order_of(
    payload: OrderPayload, *, client_order_id: str | None = None, is_listed: bool = False
) -> Order:
    """An order as ours; `client_order_id` is what it was asked for by, where the answer may differ.

    `is_listed`: it comes from the list of open orders.

    Raises
    ------
    UnknownWord
        A side or status that the venue does not document, or an order of nothing.
    """
    request = _request_of(payload, client_order_id or payload.client_order_id)
    updated_at = instant_of(payload.update_time)
    came_alive = request.order_type.has_limit and _is_triggered(payload, request.order_type)
    return Order(
        venue_order_id=str(payload.order_id),
        request=request,
        status=_status_of(payload, is_listed=is_listed),
        filled_quantity=payload.executed_qty,
        average_price=payload.avg_price if payload.avg_price and payload.executed_qty else None,
        created_at=instant_of(payload.time or payload.update_time),
        updated_at=updated_at,
        triggered_at=updated_at if came_alive else None,
    )


def _request_of(payload: OrderPayload, client_order_id: str) -> OrderRequest:
    kind = _type_of(payload)
    is_trailing = kind is OrderType.TRAILING_STOP_MARKET
    by_mark = kind.is_conditional and payload.working_type == "MARK_PRICE"
    if payload.side not in _SIDES:
        raise UnknownWord(f"order {payload.order_id}: side {payload.side[:40]!r}")
    try:
        return OrderRequest(
            symbol=payload.symbol,
            side=_SIDES[payload.side],
            order_type=kind,
            client_order_id=client_order_id,
            quantity=payload.orig_qty,
            price=payload.price if kind.has_limit else None,
            stop_price=payload.stop_price if kind.is_conditional and not is_trailing else None,
            reduce_only=payload.reduce_only and not payload.close_position,
            time_in_force=_FORCES.get(payload.time_in_force, TimeInForce.GTC),
            close_position=payload.close_position,
            trigger_by=PriceKind.MARK if by_mark else PriceKind.LAST,
            activation_price=payload.activate_price or None if is_trailing else None,
            callback_ratio=(payload.price_rate or ZERO) / _HUNDRED if is_trailing else None,
        )
    except InvalidRecord as error:
        raise UnknownWord(f"order {payload.order_id}: {error}") from None


def _type_of(payload: OrderPayload) -> OrderType:
    """What it was when it was placed: once triggered, `type` says only what it has become."""
    for word in (payload.orig_type, payload.type):
        if word in _TYPES:
            return _TYPES[word]
    return OrderType.LIMIT if payload.price > ZERO else OrderType.MARKET


def _is_triggered(payload: OrderPayload, kind: OrderType) -> bool:
    return kind.is_conditional and payload.type == "LIMIT"


def _status_of(payload: OrderPayload, *, is_listed: bool) -> OrderStatus:
    if payload.status in _STATUSES:
        return _STATUSES[payload.status]
    if payload.status not in _FORCED and not is_listed:
        raise UnknownWord(f"order {payload.order_id}: status {payload.status[:40]!r}")
    if payload.executed_qty >= payload.orig_qty > ZERO:
        return OrderStatus.FILLED
    return OrderStatus.PARTIALLY_FILLED if payload.executed_qty else OrderStatus.NEW
