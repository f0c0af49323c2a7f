"""Orders as the venue last reported them. Reports may come late, twice or out of order.

An order that ended never opens again and never has less filled than before: such a report is older
than what is stored and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, or_, tuple_
from sqlalchemy.dialects.postgresql import insert

from adapters.store.order_rows import OPEN_STATUSES, order_columns
from adapters.store.tables import orders as orders_table
from trading.orders import Order

_KEY = ("account_id", "symbol", "venue_order_id")
_MUTABLE = (
    "status", "quantity", "filled_quantity", "average_price", "price", "stop_price", "updated_at",
)  # fmt: skip
_SEEN = tuple(name for name in _MUTABLE if name != "updated_at")


def upsert_orders(conn: Connection, account_id: str, orders: Sequence[Order]) -> tuple[Order, ...]:
    """Store reports; those that were new or changed something, in the order given."""
    return tuple(order for order in orders if _upsert(conn, account_id, order))


def _upsert(conn: Connection, account_id: str, order: Order) -> bool:
    statement = insert(orders_table).values(
        account_id=account_id, venue_order_id=order.venue_order_id, **order_columns(order)
    )
    old, new = orders_table.c, statement.excluded
    newer = and_(
        old.updated_at <= new.updated_at,
        old.filled_quantity <= new.filled_quantity,
        or_(old.status.in_(OPEN_STATUSES), new.status.not_in(OPEN_STATUSES)),
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
