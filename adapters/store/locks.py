"""Advisory locks of one transaction, by name: for rules that span rows that do not exist yet."""

from __future__ import annotations

from sqlalchemy import Connection, text


def lock_until_commit(conn: Connection, name: str) -> None:
    """Wait for the lock `name`; it is released by commit or rollback."""
    conn.execute(text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})
