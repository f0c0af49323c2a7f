"""Equity snapshots, diary and events: what is shown."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from adapters.store.tables.base import Instant, Key, Money, account_column, metadata

equity_snapshots = Table(
    "equity_snapshots",
    metadata,
    account_column(primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("wallet", Money, nullable=False),
    Column("unrealized", Money, nullable=False),
    Column("equity", Money, nullable=False),
    Column("margin_used", Money, nullable=False),
    Column("available", Money, nullable=False),
    Column("gross_exposure", Money, nullable=False),
    Column("transfers", Money, nullable=False, server_default=text("0")),  # cumulative flows
    Column("cycle_id", Uuid, nullable=True),
    Column("real_at", Instant, nullable=False, server_default=text("now()")),
    postgresql_partition_by="RANGE (at)",
)

diary = Table(
    "diary",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("at", Instant, primary_key=True),
    account_column(),
    Column("kind", Text, nullable=False),  # decision | order | reconcile | exit | risk | account
    Column("asset", Key, nullable=True),
    Column("cycle_id", Uuid, nullable=True),
    Column("decision_id", Uuid, nullable=True),
    Column("intent_id", Uuid, nullable=True),
    Column("entry", JSONB, nullable=False),  # seed 002 section 5.2 for orders; numbers as text
    Column("real_at", Instant, nullable=False, server_default=text("now()")),
    Index("ix_diary_account_id_at", "account_id", text("at desc"), text("id desc")),
    Index("ix_diary_at", text("at desc"), text("id desc")),
    postgresql_partition_by="RANGE (at)",
)

events = Table(
    "events",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("real_at", Instant, nullable=False, server_default=text("clock_timestamp()")),
    Column("account_id", Key, nullable=True),  # null: the whole system
    Column("channel", Text, nullable=False),  # trading-events | positions | market-data | system
    Column("kind", Text, nullable=False),  # decision.made, order.filled, equity.updated ...
    Column("payload", JSONB, nullable=False),
    Index("ix_events_channel_account_id_id", "channel", "account_id", "id"),
)
"""Outbox, written only by `app.emit_event()` in the transaction of the change."""

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("token_hash", Text, nullable=False, unique=True),  # sha256 hex; the token is not stored
    Column("scope", Text, nullable=False),  # view | operate | admin
    Column("label", Text, nullable=False),
    Column("real_created_at", Instant, nullable=False, server_default=text("now()")),
    Column("real_revoked_at", Instant, nullable=True),
    CheckConstraint("scope in ('view', 'operate', 'admin')", name="scope"),
)
