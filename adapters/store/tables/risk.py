"""What risk has to remember of an account."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Table

from adapters.store.tables.base import Instant, Money, account_column, metadata

risk_days = Table(
    "risk_days",
    metadata,
    account_column(primary_key=True),
    Column("day", Instant, primary_key=True, nullable=False),  # 00:00 UTC
    Column("start_equity", Money, nullable=False),  # fixed by the first judgement of the day
    Column("lowest_equity", Money, nullable=False),  # only falls: latches the daily loss
    ForeignKeyConstraint(["account_id"], ["app.accounts.id"]),
    CheckConstraint("start_equity > 0", name="start_positive"),
    CheckConstraint("lowest_equity <= start_equity", name="lowest_not_above_start"),
)
"""One row per account and UTC day on which risk was asked."""
