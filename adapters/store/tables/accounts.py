"""Accounts, their configuration versions and the arena they trade in."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from adapters.store.tables.base import Instant, Key, Money, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("venue", Text, nullable=False),
    Column("status", Text, nullable=False, server_default=text("'active'")),
    Column("trading_state", Text, nullable=False, server_default=text("'active'")),  # risk's
    Column("operator_state", Text, nullable=False, server_default=text("'active'")),  # panic's
    Column("schedule_seen", Boolean, nullable=True),  # Prefect's switch when both sides agreed last
    Column("config_version", Integer, nullable=False),
    Column("initial_equity", Money, nullable=False),
    Column("peak_equity", Money, nullable=True),
    Column("real_created_at", Instant, nullable=False, server_default=text("now()")),
    Column("real_removed_at", Instant, nullable=True),
    CheckConstraint("id ~ '^[a-z0-9][a-z0-9_-]{0,63}$'", name="id_pattern"),
    CheckConstraint("kind in ('rule', 'llm', 'benchmark')", name="kind"),
    CheckConstraint("mode in ('paper', 'live')", name="mode"),
    CheckConstraint("status in ('active', 'paused', 'stopped')", name="status"),
    CheckConstraint("trading_state in ('active', 'reducing', 'halted')", name="trading_state"),
    CheckConstraint("operator_state in ('active', 'halted')", name="operator_state"),
    CheckConstraint("initial_equity > 0", name="initial_equity_positive"),
)

account_versions = Table(
    "account_versions",
    metadata,
    Column("account_id", Key, ForeignKey("app.accounts.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("config", JSONB, nullable=False),
    Column("config_hash", Text, nullable=False),
    Column("real_created_at", Instant, nullable=False, server_default=text("now()")),
)

arena = Table(
    "arena",
    metadata,
    Column("only", Boolean, primary_key=True, server_default=text("true")),
    Column("market", Text, nullable=False),  # key of the market: simulated-7, recorded-<hash>
    Column("source", Text, nullable=False),  # simulated | recorded
    Column("settings", JSONB, nullable=False),  # seed, data folder, base timeframe
    Column("speed", Double, nullable=False),
    Column("real_anchor", Instant, nullable=False),
    Column("market_anchor", Instant, nullable=False),
    Column("started_at", Instant, nullable=False),  # market time of the first start
    Column("ends_at", Instant, nullable=True),
    Column("seen_at", Instant, nullable=False),  # market time last seen alive; `up` resumes here
    Column("collect_seconds", Integer, nullable=True),  # null: no collector, accounts read alone
    CheckConstraint('"only"', name="one_row"),
    CheckConstraint("speed > 0", name="speed_positive"),
)

leases = Table(
    "leases",
    metadata,
    Column("account_id", Key, ForeignKey("app.accounts.id"), primary_key=True),
    Column("token", Integer, nullable=False),  # fencing token, grows by one per claim
    Column("holder", Text, nullable=True),  # cycle id, null when free
    Column("real_expires_at", Instant, nullable=True),
)
