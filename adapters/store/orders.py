"""Orders as the venue last reported them. Reports may come late, twice or out of order.

An order that ended never opens again and never has less filled than before: such a report is older
than what is stored and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from adapters.store.order_rows import OPEN_STATUSES, order_columns, order_from
from adapters.store.tables import orders as orders_table
from trading.orders import Order, OrderStatus

PENDING = OrderStatus.PENDING.value
"""Comes before all the others: an exit whose entry has not filled yet."""
_KEY = ("account_id", "symbol", "venue_order_id")
_MUTABLE = (
    "status", "quantity", "filled_quantity", "average_price", "price", "stop_price", "terms",
    "updated_at",
)  # fmt: skip
_SEEN = tuple(name for name in _MUTABLE if name != "updated_at")


def upsert_orders(conn: Connection, account_id: str, orders: Sequence[Order]) -> tuple[Order, ...]:
    """Store reports; those that were new or changed something, in the order given."""
    known = _known(conn, account_id, orders)
    return tuple(
        order
        for order in orders
        if not _says_nothing_new(known, order) and _upsert(conn, account_id, order)
    )


def load_resting(conn: Connection, account_id: str, symbol: str) -> tuple[Order, ...]:
    """Orders of a symbol that rest by the last report; exits that wait for their entry as well."""
    rows = conn.execute(
        select(orders_table)
        .where(
            orders_table.c.account_id == account_id,
            orders_table.c.symbol == symbol,
            orders_table.c.status.in_((*OPEN_STATUSES, PENDING)),
        )
        .order_by(orders_table.c.created_at)
    )
    return tuple(
        replace(order_from(row, row.venue_order_id), status=OrderStatus.NEW) for row in rows
    )


def _known(
    conn: Connection, account_id: str, orders: Sequence[Order]
) -> dict[tuple[str, str], Row[Any]]:
    """What is stored of them. Most reports repeat it: one read is cheaper than a write of each."""
    if not orders:
        return {}
    rows = conn.execute(
        select(orders_table).where(
            orders_table.c.account_id == account_id,
            orders_table.c.venue_order_id.in_([order.venue_order_id for order in orders]),
        )
    )
    return {(row.symbol, row.venue_order_id): row for row in rows}


def _says_nothing_new(known: Mapping[tuple[str, str], Row[Any]], order: Order) -> bool:
    row = known.get((order.symbol, order.venue_order_id))
    columns = order_columns(order)
    return row is not None and all(getattr(row, name) == columns[name] for name in _SEEN)


def _upsert(conn: Connection, account_id: str, order: Order) -> bool:
    statement = insert(orders_table).values(
        account_id=account_id, venue_order_id=order.venue_order_id, **order_columns(order)
    )
    old, new = orders_table.c, statement.excluded
    newer = and_(
        old.updated_at <= new.updated_at,
        old.filled_quantity <= new.filled_quantity,
        or_(
            old.status == PENDING,
            and_(old.status.in_(OPEN_STATUSES), new.status != PENDING),
            new.status.not_in((*OPEN_STATUSES, PENDING)),
        ),
    )
    changed = tuple_(*(old[name] for name in _SEEN)).is_distinct_from(
        tuple_(*(new[name] for name in _SEEN))
    )
    done = conn.execute(
        statement.on_conflict_do_update(
            index_elements=list(_KEY),
            set_={name: new[name] for name in _MUTABLE},
            where=and_(newer, changed),
        ).execution_options(preserve_rowcount=True)
    )
    return done.rowcount == 1
