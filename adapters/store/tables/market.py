"""Market data, shared by all accounts of the arena. `market` is the key of the source."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from adapters.store.tables.base import Instant, Key, Money, metadata

instruments = Table(
    "instruments",
    metadata,
    Column("market", Key, primary_key=True),
    Column("symbol", Key, primary_key=True),
    Column("base", Text, nullable=False),
    Column("quote", Text, nullable=False),
    Column("tick_size", Money, nullable=False),
    Column("step_size", Money, nullable=False),
    Column("min_notional", Money, nullable=False),
    Column("filters", JSONB, nullable=False),  # the rest of the record, Decimals as text
)

candles = Table(
    "candles",
    metadata,
    Column("market", Key, primary_key=True),
    Column("symbol", Key, primary_key=True),
    Column("timeframe_seconds", Integer, primary_key=True),
    Column("open_time", Instant, primary_key=True),
    Column("open", Money, nullable=False),
    Column("high", Money, nullable=False),
    Column("low", Money, nullable=False),
    Column("close", Money, nullable=False),
    Column("volume", Money, nullable=False),
    Column("closed", Boolean, nullable=False, server_default=text("true")),
    CheckConstraint(
        "low > 0 and low <= least(open, close) and high >= greatest(open, close)",
        name="not_crossed",
    ),
    CheckConstraint("volume >= 0", name="volume_not_negative"),
    postgresql_partition_by="RANGE (open_time)",
)

quotes = Table(
    "quotes",
    metadata,
    Column("market", Key, primary_key=True),
    Column("symbol", Key, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("last", Money, nullable=False),
    Column("mark", Money, nullable=False),
    Column("bid", Money, nullable=False),
    Column("ask", Money, nullable=False),
    Column("funding_rate", Money, nullable=True),
    Column("next_funding_at", Instant, nullable=True),
    Column("open_interest", Money, nullable=True),
)
"""The newest quote per instrument only."""

market_stats = Table(
    "market_stats",
    metadata,
    Column("market", Key, primary_key=True),
    Column("symbol", Key, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("mark", Money, nullable=False),
    Column("funding_rate", Money, nullable=True),
    Column("open_interest", Money, nullable=True),
    Column("indicators", JSONB, nullable=True),  # seed 002 section 5.3 document of that instant
    Index("ix_market_stats_symbol_at", "symbol", "at"),
    postgresql_partition_by="RANGE (at)",
)

market_passes = Table(
    "market_passes",
    metadata,
    Column("market", Key, primary_key=True),
    Column("slot", Instant, primary_key=True),
    Column("state", Text, nullable=False),
    Column("quotes", JSONB, nullable=True),  # by symbol, Decimals as text; or its defect
    Column("series", JSONB, nullable=True),  # symbol -> timeframe -> candles that are stored
    Column("real_started_at", Instant, nullable=False),
    Column("real_finished_at", Instant, nullable=True),
    CheckConstraint("state in ('collecting', 'done')", name="state"),
    CheckConstraint(
        "state <> 'done' or (quotes is not null and series is not null"
        " and real_finished_at is not null)",
        name="done_is_complete",
    ),
)
"""One reading of the market for all accounts: what the collector has for a slot. A day of them."""

weight_budgets = Table(
    "weight_budgets",
    metadata,
    Column("scope", Key, primary_key=True),  # venue, host and the address we go out by
    Column("limit_weight", Integer, nullable=False),
    Column("window_seconds", Integer, nullable=False),
    Column("spent", JSONB, nullable=False),  # weight by whole second since the epoch (real time)
    Column("real_blocked_until", Instant, nullable=True),
    Column("block_reason", Text, nullable=True),
    Column("spent_ever", BigInteger, nullable=False, server_default=text("0")),
    Column("refused_ever", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("limit_weight > 0", name="limit_positive"),
    CheckConstraint("window_seconds > 0", name="window_positive"),
)
"""Request weight that the processes of this host share, one locked row for each scope."""
