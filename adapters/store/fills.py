"""Fills: each booked once, by the venue's trade id, and never changed afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from adapters.store.ledgers import Ledger, book, last_booked
from adapters.store.order_rows import fill_columns
from adapters.store.tables import fills as fills_table
from trading.orders import Fill


def book_fills(conn: Connection, account_id: str, fills: Sequence[Fill]) -> tuple[Fill, ...]:
    """Book what was not booked before; exactly those, in the order given."""
    return book(conn, _LEDGER, account_id, fills)


def last_trade_id(conn: Connection, account_id: str) -> str | None:
    """The venue's id of the fill that was booked last; None before the first."""
    return last_booked(conn, _LEDGER, account_id, "trade_id")


def _columns(fill: Fill) -> dict[str, Any]:
    return {
        "trade_id": fill.trade_id,
        "venue_order_id": fill.venue_order_id,
        **fill_columns(fill),
    }


# A trade id is unique within its symbol only.
_LEDGER = Ledger(table=fills_table, key=("symbol", "trade_id"), columns=_columns)
