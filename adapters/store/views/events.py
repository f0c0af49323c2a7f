"""The outbox as its reader sees it: rows after an id, in order.

Ids are assigned under a lock (`app.emit_event`), so an id that is visible has no smaller one still
to come: reading on from the last id misses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.tables import events

BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One event. `account_id` None means: the whole system."""

    id: int
    at: datetime
    real_at: datetime
    account_id: str | None
    channel: str
    kind: str
    payload: dict[str, Any]


_COLUMNS = [events.c[name] for name in EventRow.__dataclass_fields__]


async def newest_event_id(conn: AsyncConnection) -> int:
    """0 on an empty outbox."""
    return await conn.scalar(select(func.coalesce(func.max(events.c.id), 0))) or 0


async def events_after(conn: AsyncConnection, last_id: int) -> tuple[EventRow, ...]:
    """Up to `BATCH` events after an id, oldest first."""
    query = select(*_COLUMNS).where(events.c.id > last_id).order_by(events.c.id).limit(BATCH)
    return tuple(EventRow(**row._mapping) for row in await conn.execute(query))
