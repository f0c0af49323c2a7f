"""Income: the venue's ledger other than fills (funding, transfers), each line booked once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, select

from adapters.store.ledgers import Ledger, book, last_booked
from adapters.store.tables import income as income_table
from trading.ports import Income, IncomeKind
from trading.units import ZERO


def book_income(conn: Connection, account_id: str, income: Sequence[Income]) -> tuple[Income, ...]:
    """Book what was not booked before; exactly those, in the order given."""
    return book(conn, _LEDGER, account_id, income)


def last_tran_id(conn: Connection, account_id: str) -> str | None:
    """The venue's id of the line that was booked last; None before the first."""
    return last_booked(conn, _LEDGER, account_id, "tran_id")


def total_transfers(conn: Connection, account_id: str) -> Decimal:
    """Deposits less withdrawals so far (quote)."""
    return _transfers(conn, account_id, None)


def transfers_since(conn: Connection, account_id: str, since: datetime) -> Decimal:
    """Deposits less withdrawals from `since` on (quote)."""
    return _transfers(conn, account_id, since)


def _transfers(conn: Connection, account_id: str, since: datetime | None) -> Decimal:
    columns = income_table.c
    query = select(func.sum(columns.amount)).where(
        columns.account_id == account_id, columns.kind == IncomeKind.TRANSFER.value
    )
    if since is not None:
        query = query.where(columns.at >= since)
    return conn.scalar(query) or ZERO


def _columns(line: Income) -> dict[str, Any]:
    return {
        "tran_id": line.tran_id,
        "kind": line.kind,
        "symbol": line.symbol,
        "amount": line.amount,
        "at": line.at,
    }


_LEDGER = Ledger(table=income_table, key=("tran_id",), columns=_columns)
