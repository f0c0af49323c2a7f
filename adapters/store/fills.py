"""Fills: each booked once, by the venue's trade id, and never changed afterwards."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, insert, select, tuple_

from adapters.store.locks import lock_until_commit
from adapters.store.tables import fills as fills_table
from trading.orders import Fill


def book_fills(conn: Connection, account_id: str, fills: Sequence[Fill]) -> tuple[Fill, ...]:
    """Book what was not booked before; exactly those, in the order given."""
    if not fills:
        return ()
    lock_until_commit(conn, f"fills {account_id}")
    by_key: dict[tuple[str, str], Fill] = {}
    for fill in fills:
        by_key.setdefault((fill.symbol, fill.trade_id), fill)
    known = conn.execute(
        select(fills_table.c.symbol, fills_table.c.trade_id).where(
            fills_table.c.account_id == account_id,
            tuple_(fills_table.c.symbol, fills_table.c.trade_id).in_(list(by_key)),
        )
    )
    for symbol, trade_id in known:
        del by_key[symbol, trade_id]
    fresh = tuple(by_key.values())
    if fresh:
        last = conn.execute(
            select(func.coalesce(func.max(fills_table.c.sequence), 0)).where(
                fills_table.c.account_id == account_id
            )
        ).scalar_one()
        rows = [_row(account_id, last + 1 + index, fill) for index, fill in enumerate(fresh)]
        conn.execute(insert(fills_table), rows)
    return fresh


def last_trade_id(conn: Connection, account_id: str) -> str | None:
    """The venue's id of the fill that was booked last; None before the first."""
    return conn.scalar(
        select(fills_table.c.trade_id)
        .where(fills_table.c.account_id == account_id)
        .order_by(fills_table.c.sequence.desc())
        .limit(1)
    )


def _row(account_id: str, sequence: int, fill: Fill) -> dict[str, object]:
    return {
        "account_id": account_id,
        "sequence": sequence,
        "symbol": fill.symbol,
        "trade_id": fill.trade_id,
        "venue_order_id": fill.venue_order_id,
        "client_order_id": fill.client_order_id,
        "side": fill.side.value,
        "quantity": fill.quantity,
        "price": fill.price,
        "fee": fill.fee,
        "realized_pnl": fill.realized_pnl,
        "is_maker": fill.is_maker,
        "cause": fill.cause.value,
        "filled_at": fill.filled_at,
    }
