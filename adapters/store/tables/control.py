"""Commands of the operator and alerts of the watchdog."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from adapters.store.tables.base import Instant, Key, metadata

commands = Table(
    "commands",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("account_id", Key, ForeignKey("app.accounts.id"), nullable=True),  # null: all accounts
    Column("kind", Text, nullable=False),
    Column("arguments", JSONB, nullable=False, server_default=text("'{}'")),
    Column("requested_by", Text, nullable=False),  # cli, api token label, prefect, watchdog
    Column("state", Text, nullable=False, server_default=text("'pending'")),
    Column("outcome", Text, nullable=True),
    Column("real_created_at", Instant, nullable=False, server_default=text("clock_timestamp()")),
    Column("real_finished_at", Instant, nullable=True),
    CheckConstraint(
        "kind in ('pause', 'resume', 'stop', 'panic', 'flatten', 'release')", name="kind"
    ),
    CheckConstraint("state in ('pending', 'done', 'failed')", name="state"),
    Index("ix_commands_pending", "id", postgresql_where=text("state = 'pending'")),
    Index("ix_commands_account_id_id", "account_id", text("id desc")),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("account_id", Key, ForeignKey("app.accounts.id"), nullable=True),  # null: the system
    Column("code", Text, nullable=False),  # no_finished_cycle, position_without_stop ...
    Column("severity", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("real_raised_at", Instant, nullable=False, server_default=text("clock_timestamp()")),
    Column("real_seen_at", Instant, nullable=False, server_default=text("clock_timestamp()")),
    Column("real_cleared_at", Instant, nullable=True),
    CheckConstraint("severity in ('warning', 'critical')", name="severity"),
    Index(
        "uq_alerts_open",
        "account_id",
        "code",
        unique=True,
        postgresql_where=text("real_cleared_at is null"),
        postgresql_nulls_not_distinct=True,
    ),
)
