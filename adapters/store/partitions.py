"""Monthly partitions, made when the first row of a month is about to come.

Made in a short transaction of its own: an empty partition changes no meaning, other writers do not
have to wait for the caller's commit, and what is remembered here can never be rolled back.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, Table, text

_known: set[tuple[str, str, int, int]] = set()
"""(database, table, year, month) that this process has seen committed."""


def ensure_partition(conn: Connection, table: Table, at: datetime) -> None:
    """Make the partition of `table` for the month of `at` (UTC), if this process never did."""
    month = at.astimezone(UTC)
    key = (str(conn.engine.url), table.name, month.year, month.month)
    if key in _known:
        return
    with conn.engine.begin() as own:
        own.execute(
            text("select app.ensure_partition(:parent, :at)"), {"parent": table.name, "at": at}
        )
    _known.add(key)


def ensure_partitions(conn: Connection, table: Table, since: datetime, until: datetime) -> None:
    """The partitions of every month from `since` to `until`."""
    year, month = since.astimezone(UTC).year, since.astimezone(UTC).month
    last = until.astimezone(UTC)
    while (year, month) <= (last.year, last.month):
        ensure_partition(conn, table, datetime(year, month, 1, tzinfo=UTC))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
