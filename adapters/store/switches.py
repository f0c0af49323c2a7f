"""The switch of each account on our side, and where both sides agreed last.

Our switch is `accounts.status`; Prefect's is its schedule's active flag. `schedule_seen` is that
flag when both were last found (or made) to say the same, so that a difference tells who changed.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from adapters.store.tables import accounts
from trading.account import AccountStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One account that has not been removed, as the control loop compares it with Prefect."""

    account_id: str
    status: AccountStatus
    schedule_seen: bool | None
    """None: never agreed yet."""
    config_version: int


def load_switches(conn: Connection) -> tuple[Switch, ...]:
    """All accounts that are not removed, by id."""
    query = _QUERY.where(accounts.c.real_removed_at.is_(None)).order_by(accounts.c.id)
    return tuple(
        Switch(
            account_id=row.id,
            status=AccountStatus(row.status),
            schedule_seen=row.schedule_seen,
            config_version=row.config_version,
        )
        for row in conn.execute(query)
    )


def lock_switch(conn: Connection, expected: Switch) -> bool:
    """Keep the account's row until the commit; False when it is no longer as expected."""
    row = conn.execute(
        _QUERY.where(
            accounts.c.id == expected.account_id, accounts.c.real_removed_at.is_(None)
        ).with_for_update()
    ).one_or_none()
    return row is not None and (row.status, row.schedule_seen) == (
        expected.status.value,
        expected.schedule_seen,
    )


def save_seen(conn: Connection, account_id: str, *, is_on: bool) -> None:
    """Note what both sides say now."""
    conn.execute(
        update(accounts)
        .where(accounts.c.id == account_id, accounts.c.schedule_seen.is_distinct_from(is_on))
        .values(schedule_seen=is_on)
    )


_QUERY = select(
    accounts.c.id, accounts.c.status, accounts.c.schedule_seen, accounts.c.config_version
)
