"""Orders as the venue reported them, newest creation first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.instruments import Assets
from adapters.store.order_rows import OPEN_STATUSES
from adapters.store.tables import intents, orders
from adapters.store.views.paging import Cursor, Keyset, Page, PageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """One order; prices are None where its type has none."""

    account_id: str
    symbol: str
    asset: str
    venue_order_id: str
    client_order_id: str
    side: str
    order_type: str
    status: str
    quantity: Decimal
    filled_quantity: Decimal
    average_price: Decimal | None
    price: Decimal | None
    stop_price: Decimal | None
    reduce_only: bool
    created_at: datetime
    updated_at: datetime


_COLUMNS = [orders.c[name] for name in OrderView.__dataclass_fields__ if name != "asset"]
_KEY: ColumnElement[str] = (
    orders.c.account_id + "/" + orders.c.symbol + "/" + orders.c.venue_order_id
)


def _cursor(row: Row[Any]) -> Cursor:
    return Cursor(at=row.created_at, key=f"{row.account_id}/{row.symbol}/{row.venue_order_id}")


# By creation, not by change: an order that moves to the top while somebody pages would be missed.
_KEYSET = Keyset(
    account_id=orders.c.account_id,
    at=orders.c.created_at,
    key=_KEY,
    parse_key=str,
    cursor_of=_cursor,
)


async def list_orders(
    conn: AsyncConnection, request: PageRequest, assets: Assets, *, open_only: bool = False
) -> Page[OrderView]:
    """Orders, newest first; `open_only` keeps those that may still fill."""
    query = select(*_COLUMNS)
    if request.filters.asset is not None:
        query = query.where(orders.c.symbol.in_(assets.symbols_of(request.filters.asset)))
    if open_only:
        query = query.where(orders.c.status.in_(OPEN_STATUSES))
    return await _KEYSET.load_page(conn, query, request, lambda row: _order(row, assets))


async def count_unknown_intents(conn: AsyncConnection) -> dict[str, int]:
    """By account: orders that were sent and whose outcome nobody knows yet."""
    query = (
        select(intents.c.account_id, func.count().label("unknown"))
        .where(intents.c.state == "unknown")
        .group_by(intents.c.account_id)
    )
    return {row.account_id: row.unknown for row in await conn.execute(query)}


def _order(row: Row[Any], assets: Assets) -> OrderView:
    return OrderView(**row._mapping, asset=assets.of(row.symbol))
