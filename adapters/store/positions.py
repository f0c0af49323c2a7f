"""Open positions as the venue last reported them; the venue wins, so each report replaces all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from adapters.store.locks import lock_until_commit
from adapters.store.tables import positions as positions_table
from adapters.store.tables import trades
from trading.ports import VenuePosition
from trading.positions import Position
from trading.units import ZERO


def replace_positions(
    conn: Connection,
    account_id: str,
    positions: Sequence[VenuePosition],
    seen_at: datetime,
    *,
    foreign: Mapping[str, Decimal] | None = None,
) -> None:
    """Make the stored positions of the account exactly these, seen at `seen_at`.

    `foreign`: signed quantities by symbol that are not the account's own.
    """
    lock_until_commit(conn, f"positions {account_id}")
    conn.execute(delete(positions_table).where(positions_table.c.account_id == account_id))
    if positions:
        conn.execute(
            insert(positions_table),
            [
                _row(account_id, each, seen_at)
                | {"foreign_quantity": (foreign or {}).get(each.position.symbol, ZERO)}
                for each in positions
            ],
        )
        _note_leverage(conn, account_id)


def _note_leverage(conn: Connection, account_id: str) -> None:
    """An open trade keeps the leverage of its position, which is gone once the trade is closed."""
    conn.execute(
        update(trades)
        .where(
            trades.c.account_id == account_id,
            trades.c.status == "open",
            positions_table.c.account_id == account_id,
            positions_table.c.symbol == trades.c.symbol,
            trades.c.leverage.is_distinct_from(positions_table.c.leverage),
        )
        .values(leverage=positions_table.c.leverage)
    )


def load_positions(conn: Connection, account_id: str) -> tuple[VenuePosition, ...]:
    """Positions of the last report, by symbol."""
    query = (
        select(positions_table)
        .where(positions_table.c.account_id == account_id)
        .order_by(positions_table.c.symbol)
    )
    return tuple(_position(row) for row in conn.execute(query))


def load_foreign(conn: Connection, account_id: str) -> dict[str, Decimal]:
    """Signed quantities by symbol that were not the account's own at the last report."""
    columns = positions_table.c
    rows = conn.execute(
        select(columns.symbol, columns.foreign_quantity).where(
            columns.account_id == account_id, columns.foreign_quantity != ZERO
        )
    )
    return {row.symbol: row.foreign_quantity for row in rows}


def _row(account_id: str, reported: VenuePosition, seen_at: datetime) -> dict[str, Any]:
    position = reported.position
    return {
        "account_id": account_id,
        "symbol": position.symbol,
        "quantity": position.quantity,
        "entry_price": position.entry_price,
        "mark_price": reported.mark,
        "unrealized_pnl": position.unrealized_pnl(reported.mark),
        "leverage": position.leverage,
        "margin": position.isolated_margin,
        "liquidation_price": reported.liquidation_price,
        "opened_at": position.opened_at,
        "seen_at": seen_at,
    }


def _position(row: Row[Any]) -> VenuePosition:
    return VenuePosition(
        position=Position(
            symbol=row.symbol,
            quantity=row.quantity,
            entry_price=row.entry_price,
            leverage=row.leverage,
            isolated_margin=row.margin,
            opened_at=row.opened_at,
        ),
        mark=row.mark_price,
        liquidation_price=row.liquidation_price,
    )
