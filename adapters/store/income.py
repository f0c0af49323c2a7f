"""Income: the venue's ledger other than fills (funding, transfers), each line booked once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, insert, select

from adapters.store.locks import lock_until_commit
from adapters.store.tables import income as income_table
from trading.ports import Income


def book_income(conn: Connection, account_id: str, income: Sequence[Income]) -> tuple[Income, ...]:
    """Book what was not booked before; exactly those, in the order given."""
    if not income:
        return ()
    lock_until_commit(conn, f"income {account_id}")
    by_id: dict[str, Income] = {}
    for line in income:
        by_id.setdefault(line.tran_id, line)
    known = conn.execute(
        select(income_table.c.tran_id).where(
            income_table.c.account_id == account_id, income_table.c.tran_id.in_(list(by_id))
        )
    )
    for tran_id in known.scalars():
        del by_id[tran_id]
    fresh = tuple(by_id.values())
    if fresh:
        last = conn.execute(
            select(func.coalesce(func.max(income_table.c.sequence), 0)).where(
                income_table.c.account_id == account_id
            )
        ).scalar_one()
        rows = [_row(account_id, last + 1 + index, line) for index, line in enumerate(fresh)]
        conn.execute(insert(income_table), rows)
    return fresh


def last_tran_id(conn: Connection, account_id: str) -> str | None:
    """The venue's id of the line that was booked last; None before the first."""
    return conn.scalar(
        select(income_table.c.tran_id)
        .where(income_table.c.account_id == account_id)
        .order_by(income_table.c.sequence.desc())
        .limit(1)
    )


def _row(account_id: str, sequence: int, line: Income) -> dict[str, object]:
    return {
        "account_id": account_id,
        "sequence": sequence,
        "tran_id": line.tran_id,
        "kind": line.kind,
        "symbol": line.symbol,
        "amount": line.amount,
        "at": line.at,
    }
