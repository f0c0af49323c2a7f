"""Alerts: something is wrong and a person should know, told once when it begins and once when it ends.

At most one alert is open for each (account, code); raising it again only notes that it is still
seen. Each change emits an event on the `system` channel in the same transaction. Times are real
ones, except `at`, the market time that events carry.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.store.documents import clean_text
from adapters.store.events import emit_event
from adapters.store.tables import alerts

CHANNEL = "system"


class AlertSeverity(StrEnum):
    """`critical` may cost money while nobody looks."""

    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert as stored."""

    id: int
    account_id: str | None
    """None: the whole system."""
    code: str
    severity: AlertSeverity
    sentence: str
    real_raised_at: datetime
    real_seen_at: datetime
    """When it was last found to be still so."""
    real_cleared_at: datetime | None


def raise_alert(
    conn: Connection,
    *,
    code: str,
    severity: AlertSeverity,
    sentence: str,
    account_id: str | None = None,
    at: datetime,
) -> bool:
    """Open the alert, or note that it is still seen; True when it is new (and was told)."""
    values = {"severity": severity.value, "sentence": clean_text(sentence)}
    created = conn.execute(
        insert(alerts)
        .values(account_id=account_id, code=code, **values)
        .on_conflict_do_nothing(
            index_elements=["account_id", "code"], index_where=alerts.c.real_cleared_at.is_(None)
        )
        .returning(alerts)
    ).one_or_none()
    if created is None:
        conn.execute(
            update(alerts)
            .where(*_open(account_id, code))
            .values(real_seen_at=func.clock_timestamp(), **values)
        )
        return False
    _tell(conn, "alert.raised", created, at)
    return True


def clear_alert(
    conn: Connection, *, code: str, account_id: str | None = None, at: datetime
) -> bool:
    """Close the open alert; False when there is none."""
    cleared = conn.execute(
        update(alerts)
        .where(*_open(account_id, code))
        .values(real_cleared_at=func.clock_timestamp())
        .returning(alerts)
    ).one_or_none()
    if cleared is None:
        return False
    _tell(conn, "alert.cleared", cleared, at)
    return True


def open_alerts(conn: Connection, *, code: str | None = None) -> tuple[Alert, ...]:
    """Alerts that are not cleared, oldest first; `code` narrows to one kind."""
    query = select(alerts).where(alerts.c.real_cleared_at.is_(None)).order_by(alerts.c.id)
    if code is not None:
        query = query.where(alerts.c.code == code)
    return tuple(alert_of(row) for row in conn.execute(query))


def alert_of(row: Row[Any]) -> Alert:
    """A row of the table as its record."""
    return Alert(
        id=row.id,
        account_id=row.account_id,
        code=row.code,
        severity=AlertSeverity(row.severity),
        sentence=row.sentence,
        real_raised_at=row.real_raised_at,
        real_seen_at=row.real_seen_at,
        real_cleared_at=row.real_cleared_at,
    )


def _open(account_id: str | None, code: str) -> tuple[Any, ...]:
    return (
        alerts.c.account_id.is_not_distinct_from(account_id),
        alerts.c.code == code,
        alerts.c.real_cleared_at.is_(None),
    )


def _tell(conn: Connection, kind: str, row: Row[Any], at: datetime) -> None:
    emit_event(
        conn,
        at=at,
        account_id=row.account_id,
        channel=CHANNEL,
        kind=kind,
        payload={
            "code": row.code,
            "severity": row.severity,
            "sentence": row.sentence,
            "raised_at": row.real_raised_at,
        },
    )
