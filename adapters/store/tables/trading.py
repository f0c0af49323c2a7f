"""Cycles, decisions, intents, orders, fills, positions, trades: the record of money."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from adapters.store.tables.base import Instant, Key, Money, account_column, metadata
from adapters.store.tables.order_terms import order_terms, request_terms

cycles = Table(
    "cycles",
    metadata,
    Column("id", Uuid, primary_key=True),
    account_column(),
    Column("slot", Instant, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=True),  # why skipped, held or failed: code and sentence
    Column("flow_run_id", Text, nullable=True),
    Column("config_version", Integer, nullable=False),
    Column("lease_token", Integer, nullable=True),
    Column("real_scheduled_at", Instant, nullable=True),
    Column("real_started_at", Instant, nullable=False),
    Column("real_finished_at", Instant, nullable=True),
    Column("context", JSONB, nullable=True),  # what was known: market document per symbol
    ForeignKeyConstraint(["account_id"], ["app.accounts.id"]),
    UniqueConstraint("account_id", "slot"),
    Index("ix_cycles_account_id_started", "account_id", text("real_started_at desc")),
    CheckConstraint("trigger in ('schedule', 'manual', 'watch')", name="trigger"),
    CheckConstraint("status in ('running', 'done', 'skipped', 'failed', 'missed')", name="status"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("cycle_id", Uuid, ForeignKey("app.cycles.id"), nullable=False),
    account_column(),
    Column("symbol", Key, nullable=False),
    Column("asset", Key, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("action", Text, nullable=False),
    Column("allocation_usd", Money, nullable=False),
    Column("take_profit_price", Money, nullable=True),
    Column("stop_price", Money, nullable=True),
    Column("exit_plan", Text, nullable=False),
    Column("rationale", Text, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("verdict", Text, nullable=True),  # approved | shrunk | denied | held, null before risk
    Column("verdict_code", Text, nullable=True),
    Column("verdict_text", Text, nullable=True),
    Column("verdict_limit", Text, nullable=True),
    Column("verdict_actual", Text, nullable=True),
    Column("approved_notional", Money, nullable=True),
    Column("approved_stop_price", Money, nullable=True),  # with the account's default stop
    Column("approved_take_profit_price", Money, nullable=True),
    Column("reference_price", Money, nullable=False),
    Column("exit_conditions", JSONB, nullable=False, server_default=text("'[]'")),
    Column("votes", JSONB(none_as_null=True), nullable=True),  # of a blend, with the regime
    Column("model_call_id", Uuid, ForeignKey("app.model_calls.id"), nullable=True),
    Column("equity", Money, nullable=True),  # of the account when it decided
    # Of a paper twin: the decision of its original that it repeats.
    Column("twin_decision_id", Uuid, ForeignKey("app.decisions.id"), nullable=True),
    UniqueConstraint("cycle_id", "symbol"),
    Index(
        "ix_decisions_twin_decision_id",
        "twin_decision_id",
        postgresql_where=text("twin_decision_id is not null"),
    ),
    Index(
        "ix_decisions_model_call_id",
        "model_call_id",
        postgresql_where=text("model_call_id is not null"),
    ),
    Index(
        "ix_decisions_account_id_decided", "account_id", text("decided_at desc"), text("id desc")
    ),
    Index("ix_decisions_asset_action_decided", "asset", "action", text("decided_at desc")),
    CheckConstraint("action in ('buy', 'sell', 'hold', 'close')", name="action"),
    CheckConstraint("allocation_usd >= 0", name="allocation_not_negative"),
    CheckConstraint("confidence between 0 and 1", name="confidence"),
    CheckConstraint("verdict in ('approved', 'shrunk', 'denied', 'held')", name="verdict"),
)

intents = Table(
    "intents",
    metadata,
    Column("id", Uuid, primary_key=True),
    account_column(),
    Column("cycle_id", Uuid, ForeignKey("app.cycles.id"), nullable=False),
    Column("decision_id", Uuid, ForeignKey("app.decisions.id"), nullable=True),
    Column("slot", Instant, nullable=False),
    Column("symbol", Key, nullable=False),
    Column("leg", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("client_order_id", Key, nullable=False),
    Column("side", Text, nullable=False),
    Column("order_type", Text, nullable=False),
    Column("quantity", Money, nullable=False),
    Column("price", Money, nullable=True),
    Column("stop_price", Money, nullable=True),
    Column("reduce_only", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("venue_order_id", Key, nullable=True),
    Column("reason", Text, nullable=True),
    Column("reference_price", Money, nullable=True),  # price seen when planned, for slippage
    Column("exit_code", Text, nullable=True),  # why an exit was sent, for the trade that it closes
    Column("lease_token", Integer, nullable=False),
    Column("real_planned_at", Instant, nullable=False, server_default=text("now()")),
    Column("real_sent_at", Instant, nullable=True),
    Column("real_settled_at", Instant, nullable=True),
    Column("real_unknown_at", Instant, nullable=True),  # when its answer was lost; it stays
    *request_terms(),
    UniqueConstraint("account_id", "slot", "symbol", "leg", "attempt"),
    UniqueConstraint("account_id", "client_order_id"),
    Index(
        "ix_intents_account_id_unsettled",
        "account_id",
        postgresql_where=text("state in ('planned', 'submitting', 'unknown', 'open')"),
    ),
    CheckConstraint("leg in ('entry', 'stop', 'target', 'exit')", name="leg"),
    CheckConstraint(
        "state in ('planned', 'submitting', 'unknown', 'open', 'filled', 'closed', 'refused')",
        name="state",
    ),
    CheckConstraint("client_order_id ~ '^[.A-Z:/a-z0-9_-]{1,36}$'", name="client_order_id_pattern"),
    CheckConstraint("quantity > 0 or (close_position and quantity = 0)", name="quantity_positive"),
    CheckConstraint("side in ('buy', 'sell')", name="side"),
)

orders = Table(
    "orders",
    metadata,
    account_column(primary_key=True),
    Column("symbol", Key, primary_key=True),
    Column("venue_order_id", Key, primary_key=True),
    Column("client_order_id", Key, nullable=False),
    Column("side", Text, nullable=False),
    Column("order_type", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("quantity", Money, nullable=False),
    Column("filled_quantity", Money, nullable=False),
    Column("average_price", Money, nullable=True),
    Column("price", Money, nullable=True),
    Column("stop_price", Money, nullable=True),
    Column("reduce_only", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    *request_terms(),
    *order_terms(),
    Index("ix_orders_account_id_client_order_id", "account_id", "client_order_id"),
    Index("ix_orders_account_id_updated", "account_id", text("updated_at desc")),
    Index("ix_orders_account_id_created", "account_id", text("created_at desc")),
    CheckConstraint("side in ('buy', 'sell')", name="side"),
)

fills = Table(
    "fills",
    metadata,
    account_column(primary_key=True),
    Column("symbol", Key, primary_key=True),
    Column("trade_id", Key, primary_key=True),
    Column("sequence", BigInteger, nullable=False),  # order of booking within the account
    Column("venue_order_id", Key, nullable=False),
    Column("client_order_id", Key, nullable=False),
    Column("side", Text, nullable=False),
    Column("quantity", Money, nullable=False),
    Column("price", Money, nullable=False),
    Column("fee", Money, nullable=False),
    Column("realized_pnl", Money, nullable=False),
    Column("is_maker", Boolean, nullable=False),
    Column("cause", Text, nullable=False),
    Column("filled_at", Instant, nullable=False),
    Column("real_booked_at", Instant, nullable=False, server_default=text("now()")),
    UniqueConstraint("account_id", "sequence"),
    Index("ix_fills_account_id_filled", "account_id", text("filled_at desc")),
    CheckConstraint("side in ('buy', 'sell')", name="side"),
    CheckConstraint("quantity > 0 and price > 0", name="quantity_and_price_positive"),
)

income = Table(
    "income",
    metadata,
    account_column(primary_key=True),
    Column("tran_id", Key, primary_key=True),
    Column("sequence", BigInteger, nullable=False),  # order of booking within the account
    Column("kind", Text, nullable=False),
    Column("symbol", Key, nullable=True),
    Column("amount", Money, nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("account_id", "sequence"),
    Index("ix_income_account_id_at", "account_id", text("at desc")),
)

positions = Table(
    "positions",
    metadata,
    account_column(primary_key=True),
    Column("symbol", Key, primary_key=True),
    Column("quantity", Money, nullable=False),
    # What of it is not the account's own, signed; others may trade the same venue account.
    Column("foreign_quantity", Money, nullable=False, server_default=text("0")),
    Column("entry_price", Money, nullable=False),
    Column("mark_price", Money, nullable=False),
    Column("unrealized_pnl", Money, nullable=False),
    Column("leverage", Integer, nullable=False),
    Column("margin", Money, nullable=False),
    Column("liquidation_price", Money, nullable=True),
    Column("opened_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    CheckConstraint("quantity <> 0", name="not_flat"),
)
"""Open positions as the venue last reported them; replaced by each reconcile."""

trades = Table(
    "trades",
    metadata,
    Column("id", Uuid, primary_key=True),
    account_column(),
    Column("symbol", Key, nullable=False),
    Column("direction", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("decision_id", Uuid, ForeignKey("app.decisions.id"), nullable=True),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant, nullable=True),
    Column("quantity", Money, nullable=False),  # largest held
    Column("open_quantity", Money, nullable=False),  # signed; zero when closed
    Column("entered_quantity", Money, nullable=False),
    Column("exited_quantity", Money, nullable=False),
    Column("entry_price", Money, nullable=False),
    Column("exit_price", Money, nullable=True),
    Column("gross_pnl", Money, nullable=False),
    Column("fees", Money, nullable=False),
    Column("funding", Money, nullable=False),
    Column("stop_price", Money, nullable=True),
    Column("take_profit_price", Money, nullable=True),
    Column("exit_plan", Text, nullable=False),
    Column("close_reason", Text, nullable=True),
    Column("exit_conditions", JSONB, nullable=False, server_default=text("'[]'")),
    Column("leverage", Integer, nullable=True),  # of its position, when one was reported
    Index(
        "uq_trades_open",
        "account_id",
        "symbol",
        unique=True,
        postgresql_where=text("status = 'open'"),
    ),
    Index("ix_trades_account_id_opened", "account_id", text("opened_at desc")),
    Index(
        "ix_trades_account_id_closed",
        "account_id",
        text("closed_at desc"),
        postgresql_where=text("status = 'closed'"),
    ),
    CheckConstraint("status in ('open', 'closed')", name="status"),
    CheckConstraint("direction in ('long', 'short')", name="direction"),
    CheckConstraint("(status = 'closed') = (open_quantity = 0)", name="closed_is_flat"),
)
"""Round trips, flat to flat. Net PnL = gross - fees + funding."""
