"""What an account's last scan chose, from the context of the cycle that did it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from adapters.store.tables import cycles


def load_last_scan(conn: Connection, account_id: str, *, before: datetime) -> frozenset[str] | None:
    """The symbols chosen in the newest cycle of a slot before `before`; None when none has scanned.

    Market time, so a cycle that is done again finds the same.
    """
    chosen = conn.scalar(
        select(cycles.c.context["scan"]["chosen"])
        .where(
            cycles.c.account_id == account_id,
            cycles.c.slot < before,
            cycles.c.context.has_key("scan"),
        )
        .order_by(cycles.c.slot.desc())
        .limit(1)
    )
    return None if chosen is None else frozenset(chosen)
