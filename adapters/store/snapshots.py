"""Equity snapshots: the account's money at an instant of market time. Missing stays missing."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from adapters.store.partitions import ensure_partition
from adapters.store.tables import equity_snapshots
from trading.ports import Balance
from trading.units import ZERO


def save_snapshot(
    conn: Connection,
    account_id: str,
    at: datetime,
    balance: Balance,
    gross_exposure: Decimal,
    cycle_id: UUID | None,
    *,
    transfers: Decimal = ZERO,
) -> None:
    """Store a snapshot; a second one of the same instant replaces the first.

    `transfers` is the sum of all deposits less withdrawals so far (quote).
    """
    ensure_partition(conn, equity_snapshots, at)
    values = {
        "wallet": balance.wallet,
        "unrealized": balance.unrealized,
        "equity": balance.equity,
        "margin_used": balance.margin_used,
        "available": balance.available,
        "gross_exposure": gross_exposure,
        "transfers": transfers,
        "cycle_id": cycle_id,
    }
    conn.execute(
        insert(equity_snapshots)
        .values(account_id=account_id, at=at, **values)
        .on_conflict_do_update(
            index_elements=["account_id", "at"], set_={**values, "real_at": func.now()}
        )
    )


def equity_at_or_before(conn: Connection, account_id: str, at: datetime) -> Decimal | None:
    """Equity of the newest snapshot that is not after `at`."""
    return conn.scalar(
        select(equity_snapshots.c.equity)
        .where(equity_snapshots.c.account_id == account_id, equity_snapshots.c.at <= at)
        .order_by(equity_snapshots.c.at.desc())
        .limit(1)
    )


def day_start_equity(conn: Connection, account_id: str, day_start: datetime) -> Decimal | None:
    """Equity with which a UTC day began: the last one before it, else the first of the day.

    A snapshot at `day_start` itself counts as the day's beginning.
    """
    before = equity_at_or_before(conn, account_id, day_start)
    if before is not None:
        return before
    return conn.scalar(
        select(equity_snapshots.c.equity)
        .where(equity_snapshots.c.account_id == account_id, equity_snapshots.c.at >= day_start)
        .order_by(equity_snapshots.c.at)
        .limit(1)
    )


def lowest_equity_since(conn: Connection, account_id: str, since: datetime) -> Decimal | None:
    """Lowest equity of the snapshots from `since` on, less what was deposited since then.

    None when there is none.
    """
    columns = equity_snapshots.c
    before = last_transfers(conn, account_id, until=since)
    lowest = conn.scalar(
        select(func.min(columns.equity - columns.transfers)).where(
            columns.account_id == account_id, columns.at >= since
        )
    )
    return None if lowest is None else lowest + before


def last_transfers(conn: Connection, account_id: str, until: datetime | None = None) -> Decimal:
    """Deposits less withdrawals as of the newest snapshot (before `until`); zero without one."""
    query = (
        select(equity_snapshots.c.transfers)
        .where(equity_snapshots.c.account_id == account_id)
        .order_by(equity_snapshots.c.at.desc())
        .limit(1)
    )
    if until is not None:
        query = query.where(equity_snapshots.c.at < until)
    return conn.scalar(query) or ZERO
