"""What exits remember of each position; the arithmetic is `trading.exits.state`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Table, Text

from adapters.store.tables.base import Instant, Key, Money, account_column, metadata

exit_states = Table(
    "exit_states",
    metadata,
    account_column(primary_key=True),
    Column("symbol", Key, primary_key=True),
    Column("opened_at", Instant, primary_key=True),
    Column("direction", Text, primary_key=True),
    Column("entry_price", Money, nullable=False),  # mean entry from which profit is measured
    Column("measured_from", Instant, nullable=False),  # opening or last increase
    Column("best_price", Money, nullable=False),  # highest of a long, lowest of a short since then
    Column("looked_at", Instant, nullable=False),
    CheckConstraint("direction in ('long', 'short')", name="direction"),
    CheckConstraint("entry_price > 0 and best_price > 0", name="prices_positive"),
)
"""One row per position, also of those that are closed: a new position never finds an old peak."""
