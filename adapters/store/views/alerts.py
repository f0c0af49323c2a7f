"""Alerts as the screens list them. Times are real ones."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.alerts import Alert, alert_of
from adapters.store.tables import alerts


async def list_alerts(
    conn: AsyncConnection, *, limit: int, open_only: bool = True, account_id: str | None = None
) -> tuple[Alert, ...]:
    """Newest first; of one account only when it is named, else those of the system as well."""
    query = select(alerts).order_by(alerts.c.id.desc()).limit(limit)
    if open_only:
        query = query.where(alerts.c.real_cleared_at.is_(None))
    if account_id is not None:
        query = query.where(alerts.c.account_id == account_id)
    return tuple(alert_of(row) for row in await conn.execute(query))
