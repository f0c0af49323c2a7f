"""Requests, orders and fills as the columns that several tables share; nothing is rounded.

Intents, the venue's orders and the paper venue's books say the same thing in the same columns; what
belongs to one table only (keys, states, sequence) stays with that table.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from trading.orders import Fill, Order, OrderRequest, OrderStatus, OrderType, Side

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
    )


def order_columns(order: Order) -> dict[str, Any]:
    """What every table of orders shares; the venue's order id has a name and type in each."""
    return {
        **request_columns(order.request),
        "status": order.status.value,
        "filled_quantity": order.filled_quantity,
        "average_price": order.average_price,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
    }


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
