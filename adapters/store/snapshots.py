"""Equity snapshots: the account's money at an instant of market time. Missing stays missing."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects.postgresql import insert

from adapters.store.partitions import ensure_partition
from adapters.store.tables import equity_snapshots
from trading.performance.records import EquityReading
from trading.ports import Balance
from trading.units import ZERO

# A day is counted from its first microsecond: 00:00:00 exactly closes the day before, as in
# `trading.performance.returns`.
_GROWTH = text(
    """
    select at, equity, transfers
    from (
        select at, equity, transfers,
               lag(transfers) over in_time as earlier, lead(at) over in_time as next_at
        from app.equity_snapshots
        where account_id = :account and at < :before
        window in_time as (order by at)
    ) as snapshots
    where earlier is null or earlier <> transfers or equity <= 0 or next_at is null
       or next_at >= interval '1 day' + date_bin('1 day', at, timestamptz '2000-01-01 00:00:00.000001Z')
    order by at
    """
)


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


def load_growth_readings(
    conn: Connection, account_id: str, *, before: datetime
) -> tuple[EquityReading, ...]:
    """Snapshots earlier than `before` that returns depend on: a few a year instead of all, oldest first.

    The first and the newest, the close of each UTC day, every one that shows a deposit or a withdrawal,
    and every one without equity. Between them growth follows from the two ends alone. To choose from a
    year of five-minute snapshots takes the database a tenth of a second.
    """
    rows = conn.execute(_GROWTH, {"account": account_id, "before": before})
    return tuple(
        EquityReading(at=row.at, equity=row.equity, transfers=row.transfers) for row in rows
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
