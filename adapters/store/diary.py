"""The diary: the append-only story of decisions, orders, exits and corrections."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert

from adapters.store.documents import to_document
from adapters.store.partitions import ensure_partition
from adapters.store.tables import diary


def write_diary(  # noqa: PLR0913  the columns of one row
    conn: Connection,
    *,
    at: datetime,
    account_id: str,
    kind: str,
    asset: str | None,
    entry: Mapping[str, Any],
    cycle_id: UUID | None = None,
    decision_id: UUID | None = None,
    intent_id: UUID | None = None,
) -> None:
    """Add a line; numbers in `entry` are stored as plain text."""
    ensure_partition(conn, diary, at)
    conn.execute(
        insert(diary).values(
            at=at,
            account_id=account_id,
            kind=kind,
            asset=asset,
            entry=to_document(entry),
            cycle_id=cycle_id,
            decision_id=decision_id,
            intent_id=intent_id,
        )
    )
