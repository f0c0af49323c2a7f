"""Ledgers: lines that the venue reports more than once and that are booked once, never changed.

A line is known by the venue's own key. `sequence` numbers the lines of an account from 1 in the
order of booking, under a lock, so the last one tells where to read on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Table, func, insert, select, tuple_

from adapters.store.locks import lock_until_commit

Line = TypeVar("Line")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger(Generic[Line]):
    """A table of booked lines with the columns `account_id` and `sequence`."""

    table: Table
    key: tuple[str, ...]
    """Columns that name a line within an account; the record calls them the same."""
    columns: Callable[[Line], Mapping[str, Any]]
    """A line's columns but `account_id` and `sequence`."""


def book(
    conn: Connection, ledger: Ledger[Line], account_id: str, lines: Sequence[Line]
) -> tuple[Line, ...]:
    """Book what was not booked before; exactly those, in the order given."""
    if not lines:
        return ()
    table = ledger.table
    lock_until_commit(conn, f"{table.name} {account_id}")
    by_key: dict[tuple[Any, ...], Line] = {}
    for line in lines:
        by_key.setdefault(tuple(getattr(line, name) for name in ledger.key), line)
    key = [table.c[name] for name in ledger.key]
    known = conn.execute(
        select(*key).where(table.c.account_id == account_id, tuple_(*key).in_(list(by_key)))
    )
    for row in known:
        del by_key[tuple(row)]
    fresh = tuple(by_key.values())
    if fresh:
        last = conn.execute(
            select(func.coalesce(func.max(table.c.sequence), 0)).where(
                table.c.account_id == account_id
            )
        ).scalar_one()
        rows = [
            {"account_id": account_id, "sequence": number, **ledger.columns(line)}
            for number, line in enumerate(fresh, start=last + 1)
        ]
        conn.execute(insert(table), rows)
    return fresh


def last_booked(conn: Connection, ledger: Ledger[Any], account_id: str, column: str) -> str | None:
    """A column of the line that was booked last; None before the first."""
    table = ledger.table
    return conn.scalar(
        select(table.c[column])
        .where(table.c.account_id == account_id)
        .order_by(table.c.sequence.desc())
        .limit(1)
    )
