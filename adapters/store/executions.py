"""What orders of ours have executed by the venue's own answers, beside the fills that are booked.

An answer comes first; the lists of positions and of fills may need a moment longer to show it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection, and_, func, select

from adapters.store.tables import fills, intents, orders
from trading.orders import Side

_LONGEST_LIFE = timedelta(days=60)
"""Between the first fill of an order and its last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What one order of ours has executed."""

    quantity: Decimal
    """Signed base quantity."""
    unbooked: Decimal
    """The signed part of it without a booked fill."""
    price: Decimal
    """Quote per base: average."""
    real_settled_at: datetime | None
    """When we heard of its end; None while it rests."""


def load_executions(
    conn: Connection, account_id: str, *, since: datetime
) -> dict[str, tuple[Execution, ...]]:
    """By symbol, newest first: orders of ours that the venue reported on since then (its time)."""
    booked = (
        select(fills.c.symbol, fills.c.venue_order_id, func.sum(fills.c.quantity).label("quantity"))
        .where(fills.c.account_id == account_id, fills.c.filled_at >= since - _LONGEST_LIFE)
        .group_by(fills.c.symbol, fills.c.venue_order_id)
        .subquery()
    )
    query = (
        select(
            orders,
            intents.c.real_settled_at,
            func.coalesce(booked.c.quantity, 0).label("booked"),
        )
        .outerjoin(
            booked,
            and_(
                booked.c.symbol == orders.c.symbol,
                booked.c.venue_order_id == orders.c.venue_order_id,
            ),
        )
        .join(
            intents,
            and_(
                intents.c.account_id == orders.c.account_id,
                intents.c.client_order_id == orders.c.client_order_id,
            ),
        )
        .where(
            orders.c.account_id == account_id,
            orders.c.updated_at >= since,
            orders.c.filled_quantity > 0,
        )
        .order_by(intents.c.real_settled_at.desc().nulls_first())
    )
    found: defaultdict[str, list[Execution]] = defaultdict(list)
    for row in conn.execute(query):
        # Fills may be ahead of the last report of their order, never the other way round for long.
        sign, executed = Side(row.side).sign, max(row.filled_quantity, row.booked)
        found[row.symbol].append(
            Execution(
                quantity=executed * sign,
                unbooked=(executed - row.booked) * sign,
                price=row.average_price,
                real_settled_at=row.real_settled_at,
            )
        )
    return {symbol: tuple(executions) for symbol, executions in found.items()}
