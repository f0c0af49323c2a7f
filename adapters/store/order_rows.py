"""Requests, orders and fills as the columns that several tables share; nothing is rounded.

Intents, the venue's orders and the paper venue's books say the same thing in the same columns; what
belongs to one table only (keys, states, sequence) stays with that table. `terms` holds what is not
a column, numbers as exact text, and nothing that is as usual: a plain order has none.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from adapters.store.documents import to_document
from trading.orders import (
    Fill,
    FillCause,
    GroupRole,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    PriceKind,
    Side,
    TimeInForce,
)

OPEN_STATUSES = tuple(status.value for status in OrderStatus if status.is_open)
"""Of an order that may still fill, as stored."""


def request_columns(request: OrderRequest) -> dict[str, Any]:
    """What was asked for: in every table of intents and orders."""
    return {
        "client_order_id": request.client_order_id,
        "symbol": request.symbol,
        "side": request.side.value,
        "order_type": request.order_type.value,
        "quantity": request.quantity,
        "price": request.price,
        "stop_price": request.stop_price,
        "reduce_only": request.reduce_only,
        "time_in_force": request.time_in_force.value,
        "close_position": request.close_position,
        "terms": _request_terms(request),
    }


def request_of(row: Row[Any]) -> OrderRequest:
    """The request back from a row of any of those tables."""
    return OrderRequest(
        symbol=row.symbol,
        side=Side(row.side),
        order_type=OrderType(row.order_type),
        client_order_id=row.client_order_id,
        quantity=row.quantity,
        price=row.price,
        stop_price=row.stop_price,
        reduce_only=row.reduce_only,
        time_in_force=TimeInForce(row.time_in_force),
        close_position=row.close_position,
        trigger_by=PriceKind(row.terms.get("trigger_by", PriceKind.LAST)),
        activation_price=_number(row, "activation_price"),
        callback_ratio=_number(row, "callback_ratio"),
    )


def order_columns(order: Order) -> dict[str, Any]:
    """What every table of orders shares; the venue's order id has a name and type in each."""
    life = {"triggered_at": order.triggered_at, "extreme_price": order.extreme_price}
    return {
        **request_columns(order.request),
        "terms": _request_terms(order.request) | _stated(life),
        "group_id": order.group_id,
        "group_role": None if order.group_role is None else order.group_role.value,
        "status": order.status.value,
        "filled_quantity": order.filled_quantity,
        "average_price": order.average_price,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
    }


def order_from(row: Row[Any], venue_order_id: str) -> Order:
    """The order back from a row of a table of orders."""
    triggered_at = row.terms.get("triggered_at")
    return Order(
        venue_order_id=venue_order_id,
        request=request_of(row),
        status=OrderStatus(row.status),
        filled_quantity=row.filled_quantity,
        average_price=row.average_price,
        created_at=row.created_at,
        updated_at=row.updated_at,
        triggered_at=None if triggered_at is None else datetime.fromisoformat(triggered_at),
        extreme_price=_number(row, "extreme_price"),
        group_id=row.group_id,
        group_role=None if row.group_role is None else GroupRole(row.group_role),
    )


def fill_columns(fill: Fill) -> dict[str, Any]:
    """What every table of fills shares; ids of trade and order have a type in each."""
    return {
        "client_order_id": fill.client_order_id,
        "symbol": fill.symbol,
        "side": fill.side.value,
        "quantity": fill.quantity,
        "price": fill.price,
        "fee": fill.fee,
        "realized_pnl": fill.realized_pnl,
        "is_maker": fill.is_maker,
        "cause": fill.cause.value,
        "filled_at": fill.filled_at,
    }


def fill_from(row: Row[Any], *, trade_id: str, venue_order_id: str) -> Fill:
    """The fill back from a row of a table of fills."""
    return Fill(
        trade_id=trade_id,
        venue_order_id=venue_order_id,
        client_order_id=row.client_order_id,
        symbol=row.symbol,
        side=Side(row.side),
        quantity=row.quantity,
        price=row.price,
        fee=row.fee,
        realized_pnl=row.realized_pnl,
        is_maker=row.is_maker,
        filled_at=row.filled_at,
        cause=FillCause(row.cause),
    )


def _request_terms(request: OrderRequest) -> dict[str, Any]:
    is_usual = request.trigger_by is PriceKind.LAST
    return _stated(
        {
            "trigger_by": None if is_usual else request.trigger_by,
            "activation_price": request.activation_price,
            "callback_ratio": request.callback_ratio,
        }
    )


def _stated(terms: dict[str, Any]) -> dict[str, Any]:
    """The document of what is there."""
    return to_document({name: value for name, value in terms.items() if value is not None})


def _number(row: Row[Any], name: str) -> Decimal | None:
    text = row.terms.get(name)
    return None if text is None else Decimal(text)
