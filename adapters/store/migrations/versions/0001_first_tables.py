"""The first tables, functions and triggers. Frozen: later changes are later revisions.

Money is NUMERIC without scale, times are timestamptz, keys sort by code point.
"""

from importlib.resources import files

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "app"
KEY = sa.Text(collation="C")
WORDS = sa.Text()
MONEY = sa.Numeric()
INSTANT = sa.DateTime(timezone=True)
WHOLE = sa.Integer()
BIG = sa.BigInteger()
UUID = sa.Uuid()
FLAG = sa.Boolean()
DOUBLE = sa.Double()
DOCUMENT = postgresql.JSONB()


TABLES = (
    "accounts",
    "account_versions",
    "api_tokens",
    "arena",
    "leases",
    "candles",
    "instruments",
    "market_stats",
    "quotes",
    "cycles",
    "decisions",
    "intents",
    "orders",
    "fills",
    "income",
    "positions",
    "trades",
    "diary",
    "equity_snapshots",
    "events",
    "paper_wallets",
    "paper_positions",
    "paper_orders",
    "paper_fills",
    "paper_income",
)
FUNCTIONS = (
    "ensure_partition(text, timestamptz)",
    "emit_event(timestamptz, text, text, text, jsonb)",
    "refuse_change()",
)


def columns(kind, *names, nullable=False, **options):
    """Columns of one type."""
    return [sa.Column(name, kind, nullable=nullable, **options) for name in names]


def upgrade():
    _accounts()
    _market()
    _record()
    _story()
    _paper()
    op.execute(files("adapters.store").joinpath("migrations/sql/0001_functions.sql").read_text())


def downgrade():
    op.execute("drop schema part cascade")
    for table in reversed(TABLES):
        op.drop_table(table, schema=SCHEMA)
    for function in FUNCTIONS:
        op.execute(f"drop function app.{function}")


def _accounts():
    op.create_table(
        "accounts",
        *columns(KEY, "id"),
        *columns(WORDS, "name", "kind", "mode", "venue"),
        *columns(WORDS, "status", server_default=sa.text("'active'")),
        *columns(WORDS, "trading_state", server_default=sa.text("'active'")),
        *columns(WHOLE, "config_version"),
        *columns(MONEY, "initial_equity"),
        *columns(MONEY, "peak_equity", nullable=True),
        *columns(INSTANT, "real_created_at", server_default=sa.text("now()")),
        *columns(INSTANT, "real_removed_at", nullable=True),
        sa.CheckConstraint(
            "id ~ '^[a-z0-9][a-z0-9_-]{0,63}$'", name=op.f("ck_accounts_id_pattern")
        ),
        sa.CheckConstraint("kind in ('rule', 'llm', 'benchmark')", name=op.f("ck_accounts_kind")),
        sa.CheckConstraint("mode in ('paper', 'live')", name=op.f("ck_accounts_mode")),
        sa.CheckConstraint(
            "status in ('active', 'paused', 'stopped')", name=op.f("ck_accounts_status")
        ),
        sa.CheckConstraint(
            "trading_state in ('active', 'reducing', 'halted')",
            name=op.f("ck_accounts_trading_state"),
        ),
        sa.CheckConstraint("initial_equity > 0", name=op.f("ck_accounts_initial_equity_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        schema=SCHEMA,
    )
    op.create_table(
        "account_versions",
        *columns(KEY, "account_id"),
        *columns(WHOLE, "version"),
        *columns(DOCUMENT, "config"),
        *columns(WORDS, "config_hash"),
        *columns(INSTANT, "real_created_at", server_default=sa.text("now()")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["app.accounts.id"],
            name=op.f("fk_account_versions_account_id_accounts"),
        ),
        sa.PrimaryKeyConstraint("account_id", "version", name=op.f("pk_account_versions")),
        schema=SCHEMA,
    )
    op.create_table(
        "api_tokens",
        *columns(UUID, "id"),
        *columns(WORDS, "token_hash", "scope", "label"),
        *columns(INSTANT, "real_created_at", server_default=sa.text("now()")),
        *columns(INSTANT, "real_revoked_at", nullable=True),
        sa.CheckConstraint(
            "scope in ('view', 'operate', 'admin')", name=op.f("ck_api_tokens_scope")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
        schema=SCHEMA,
    )
    op.create_table(
        "arena",
        *columns(FLAG, "only", server_default=sa.text("true")),
        *columns(WORDS, "market", "source"),
        *columns(DOCUMENT, "settings"),
        *columns(DOUBLE, "speed"),
        *columns(INSTANT, "real_anchor", "market_anchor", "started_at"),
        *columns(INSTANT, "ends_at", nullable=True),
        *columns(INSTANT, "seen_at"),
        sa.CheckConstraint('"only"', name=op.f("ck_arena_one_row")),
        sa.CheckConstraint("speed > 0", name=op.f("ck_arena_speed_positive")),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_arena")),
        schema=SCHEMA,
    )
    op.create_table(
        "leases",
        *columns(KEY, "account_id"),
        *columns(WHOLE, "token"),
        *columns(WORDS, "holder", nullable=True),
        *columns(INSTANT, "real_expires_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["app.accounts.id"], name=op.f("fk_leases_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_leases")),
        schema=SCHEMA,
    )


def _market():
    op.create_table(
        "candles",
        *columns(KEY, "market", "symbol"),
        *columns(WHOLE, "timeframe_seconds"),
        *columns(INSTANT, "open_time"),
        *columns(MONEY, "open", "high", "low", "close", "volume"),
        *columns(FLAG, "closed", server_default=sa.text("true")),
        sa.CheckConstraint(
            "low > 0 and low <= least(open, close) and high >= greatest(open, close)",
            name=op.f("ck_candles_not_crossed"),
        ),
        sa.CheckConstraint("volume >= 0", name=op.f("ck_candles_volume_not_negative")),
        sa.PrimaryKeyConstraint(
            "market", "symbol", "timeframe_seconds", "open_time", name=op.f("pk_candles")
        ),
        schema=SCHEMA,
        postgresql_partition_by="RANGE (open_time)",
    )
    op.create_table(
        "instruments",
        *columns(KEY, "market", "symbol"),
        *columns(WORDS, "base", "quote"),
        *columns(MONEY, "tick_size", "step_size", "min_notional"),
        *columns(DOCUMENT, "filters"),
        sa.PrimaryKeyConstraint("market", "symbol", name=op.f("pk_instruments")),
        schema=SCHEMA,
    )
    op.create_table(
        "market_stats",
        *columns(KEY, "market", "symbol"),
        *columns(INSTANT, "at"),
        *columns(MONEY, "mark"),
        *columns(MONEY, "funding_rate", "open_interest", nullable=True),
        *columns(DOCUMENT, "indicators", nullable=True),
        sa.PrimaryKeyConstraint("market", "symbol", "at", name=op.f("pk_market_stats")),
        schema=SCHEMA,
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_market_stats_symbol_at", "market_stats", ["symbol", "at"], schema=SCHEMA)
    op.create_table(
        "quotes",
        *columns(KEY, "market", "symbol"),
        *columns(INSTANT, "at"),
        *columns(MONEY, "last", "mark", "bid", "ask"),
        *columns(MONEY, "funding_rate", nullable=True),
        *columns(INSTANT, "next_funding_at", nullable=True),
        *columns(MONEY, "open_interest", nullable=True),
        sa.PrimaryKeyConstraint("market", "symbol", name=op.f("pk_quotes")),
        schema=SCHEMA,
    )


def _record():
    op.create_table(
        "cycles",
        *columns(UUID, "id"),
        *columns(KEY, "account_id"),
        *columns(INSTANT, "slot"),
        *columns(WORDS, "trigger", "status"),
        *columns(WORDS, "reason", "flow_run_id", nullable=True),
        *columns(WHOLE, "config_version"),
        *columns(WHOLE, "lease_token", nullable=True),
        *columns(INSTANT, "real_scheduled_at", nullable=True),
        *columns(INSTANT, "real_started_at"),
        *columns(INSTANT, "real_finished_at", nullable=True),
        *columns(DOCUMENT, "context", nullable=True),
        sa.CheckConstraint(
            "status in ('running', 'done', 'skipped', 'failed')", name=op.f("ck_cycles_status")
        ),
        sa.CheckConstraint("trigger in ('schedule', 'manual')", name=op.f("ck_cycles_trigger")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["app.accounts.id"], name=op.f("fk_cycles_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cycles")),
        sa.UniqueConstraint("account_id", "slot", name=op.f("uq_cycles_account_id_slot")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_cycles_account_id_started",
        "cycles",
        ["account_id", sa.text("real_started_at desc")],
        schema=SCHEMA,
    )
    op.create_table(
        "decisions",
        *columns(UUID, "id", "cycle_id"),
        *columns(KEY, "account_id", "symbol", "asset"),
        *columns(INSTANT, "decided_at"),
        *columns(WORDS, "action"),
        *columns(MONEY, "allocation_usd"),
        *columns(MONEY, "take_profit_price", "stop_price", nullable=True),
        *columns(WORDS, "exit_plan", "rationale"),
        *columns(DOUBLE, "confidence"),
        *columns(WORDS, "decided_by"),
        *columns(
            WORDS,
            "verdict",
            "verdict_code",
            "verdict_text",
            "verdict_limit",
            "verdict_actual",
            nullable=True,
        ),
        *columns(
            MONEY,
            "approved_notional",
            "approved_stop_price",
            "approved_take_profit_price",
            nullable=True,
        ),
        *columns(MONEY, "reference_price"),
        sa.CheckConstraint(
            "action in ('buy', 'sell', 'hold', 'close')", name=op.f("ck_decisions_action")
        ),
        sa.CheckConstraint(
            "verdict in ('approved', 'shrunk', 'denied', 'held')", name=op.f("ck_decisions_verdict")
        ),
        sa.CheckConstraint(
            "allocation_usd >= 0", name=op.f("ck_decisions_allocation_not_negative")
        ),
        sa.CheckConstraint("confidence between 0 and 1", name=op.f("ck_decisions_confidence")),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["app.cycles.id"], name=op.f("fk_decisions_cycle_id_cycles")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("cycle_id", "symbol", name=op.f("uq_decisions_cycle_id_symbol")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_decisions_account_id_decided",
        "decisions",
        ["account_id", sa.text("decided_at desc"), sa.text("id desc")],
        schema=SCHEMA,
    )
    op.create_index(
        "ix_decisions_asset_action_decided",
        "decisions",
        ["asset", "action", sa.text("decided_at desc")],
        schema=SCHEMA,
    )
    op.create_table(
        "intents",
        *columns(UUID, "id"),
        *columns(KEY, "account_id"),
        *columns(UUID, "cycle_id"),
        *columns(UUID, "decision_id", nullable=True),
        *columns(INSTANT, "slot"),
        *columns(KEY, "symbol"),
        *columns(WORDS, "leg"),
        *columns(WHOLE, "attempt"),
        *columns(KEY, "client_order_id"),
        *columns(WORDS, "side", "order_type"),
        *columns(MONEY, "quantity"),
        *columns(MONEY, "price", "stop_price", nullable=True),
        *columns(FLAG, "reduce_only"),
        *columns(WORDS, "state"),
        *columns(KEY, "venue_order_id", nullable=True),
        *columns(WORDS, "reason", nullable=True),
        *columns(MONEY, "reference_price", nullable=True),
        *columns(WHOLE, "lease_token"),
        *columns(INSTANT, "real_planned_at", server_default=sa.text("now()")),
        *columns(INSTANT, "real_sent_at", "real_settled_at", nullable=True),
        sa.CheckConstraint(
            "client_order_id ~ '^[.A-Z:/a-z0-9_-]{1,36}$'",
            name=op.f("ck_intents_client_order_id_pattern"),
        ),
        sa.CheckConstraint(
            "leg in ('entry', 'stop', 'target', 'exit')", name=op.f("ck_intents_leg")
        ),
        sa.CheckConstraint("side in ('buy', 'sell')", name=op.f("ck_intents_side")),
        sa.CheckConstraint(
            "state in ('planned', 'submitting', 'unknown', 'open', 'filled', 'closed', 'refused')",
            name=op.f("ck_intents_state"),
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_intents_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["app.cycles.id"], name=op.f("fk_intents_cycle_id_cycles")
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["app.decisions.id"], name=op.f("fk_intents_decision_id_decisions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intents")),
        sa.UniqueConstraint(
            "account_id", "client_order_id", name=op.f("uq_intents_account_id_client_order_id")
        ),
        sa.UniqueConstraint(
            "account_id",
            "slot",
            "symbol",
            "leg",
            "attempt",
            name=op.f("uq_intents_account_id_slot_symbol_leg_attempt"),
        ),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_intents_account_id_unsettled",
        "intents",
        ["account_id"],
        schema=SCHEMA,
        postgresql_where=sa.text("state in ('planned', 'submitting', 'unknown', 'open')"),
    )
    op.create_table(
        "orders",
        *columns(KEY, "account_id", "symbol", "venue_order_id", "client_order_id"),
        *columns(WORDS, "side", "order_type", "status"),
        *columns(MONEY, "quantity", "filled_quantity"),
        *columns(MONEY, "average_price", "price", "stop_price", nullable=True),
        *columns(FLAG, "reduce_only"),
        *columns(INSTANT, "created_at", "updated_at"),
        sa.CheckConstraint("side in ('buy', 'sell')", name=op.f("ck_orders_side")),
        sa.PrimaryKeyConstraint("account_id", "symbol", "venue_order_id", name=op.f("pk_orders")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_orders_account_id_client_order_id",
        "orders",
        ["account_id", "client_order_id"],
        schema=SCHEMA,
    )
    op.create_index(
        "ix_orders_account_id_updated",
        "orders",
        ["account_id", sa.text("updated_at desc")],
        schema=SCHEMA,
    )
    op.create_index(
        "ix_orders_account_id_created",
        "orders",
        ["account_id", sa.text("created_at desc")],
        schema=SCHEMA,
    )
    op.create_table(
        "fills",
        *columns(KEY, "account_id", "symbol", "trade_id"),
        *columns(BIG, "sequence"),
        *columns(KEY, "venue_order_id", "client_order_id"),
        *columns(WORDS, "side"),
        *columns(MONEY, "quantity", "price", "fee", "realized_pnl"),
        *columns(FLAG, "is_maker"),
        *columns(WORDS, "cause"),
        *columns(INSTANT, "filled_at"),
        *columns(INSTANT, "real_booked_at", server_default=sa.text("now()")),
        sa.CheckConstraint("side in ('buy', 'sell')", name=op.f("ck_fills_side")),
        sa.CheckConstraint(
            "quantity > 0 and price > 0", name=op.f("ck_fills_quantity_and_price_positive")
        ),
        sa.PrimaryKeyConstraint("account_id", "symbol", "trade_id", name=op.f("pk_fills")),
        sa.UniqueConstraint("account_id", "sequence", name=op.f("uq_fills_account_id_sequence")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_fills_account_id_filled",
        "fills",
        ["account_id", sa.text("filled_at desc")],
        schema=SCHEMA,
    )
    op.create_table(
        "income",
        *columns(KEY, "account_id", "tran_id"),
        *columns(BIG, "sequence"),
        *columns(WORDS, "kind"),
        *columns(KEY, "symbol", nullable=True),
        *columns(MONEY, "amount"),
        *columns(INSTANT, "at"),
        sa.PrimaryKeyConstraint("account_id", "tran_id", name=op.f("pk_income")),
        sa.UniqueConstraint("account_id", "sequence", name=op.f("uq_income_account_id_sequence")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_income_account_id_at", "income", ["account_id", sa.text("at desc")], schema=SCHEMA
    )
    op.create_table(
        "positions",
        *columns(KEY, "account_id", "symbol"),
        *columns(MONEY, "quantity", "entry_price", "mark_price", "unrealized_pnl"),
        *columns(WHOLE, "leverage"),
        *columns(MONEY, "margin"),
        *columns(MONEY, "liquidation_price", nullable=True),
        *columns(INSTANT, "opened_at", "seen_at"),
        sa.CheckConstraint("quantity <> 0", name=op.f("ck_positions_not_flat")),
        sa.PrimaryKeyConstraint("account_id", "symbol", name=op.f("pk_positions")),
        schema=SCHEMA,
    )
    op.create_table(
        "trades",
        *columns(UUID, "id"),
        *columns(KEY, "account_id", "symbol"),
        *columns(WORDS, "direction", "status"),
        *columns(UUID, "decision_id", nullable=True),
        *columns(INSTANT, "opened_at"),
        *columns(INSTANT, "closed_at", nullable=True),
        *columns(
            MONEY, "quantity", "open_quantity", "entered_quantity", "exited_quantity", "entry_price"
        ),
        *columns(MONEY, "exit_price", nullable=True),
        *columns(MONEY, "gross_pnl", "fees", "funding"),
        *columns(MONEY, "stop_price", "take_profit_price", nullable=True),
        *columns(WORDS, "exit_plan"),
        *columns(WORDS, "close_reason", nullable=True),
        sa.CheckConstraint(
            "(status = 'closed') = (open_quantity = 0)", name=op.f("ck_trades_closed_is_flat")
        ),
        sa.CheckConstraint("direction in ('long', 'short')", name=op.f("ck_trades_direction")),
        sa.CheckConstraint("status in ('open', 'closed')", name=op.f("ck_trades_status")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["app.decisions.id"], name=op.f("fk_trades_decision_id_decisions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trades")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_trades_account_id_opened",
        "trades",
        ["account_id", sa.text("opened_at desc")],
        schema=SCHEMA,
    )
    op.create_index(
        "uq_trades_open",
        "trades",
        ["account_id", "symbol"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("status = 'open'"),
    )


def _story():
    op.create_table(
        "diary",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        *columns(INSTANT, "at"),
        *columns(KEY, "account_id"),
        *columns(WORDS, "kind"),
        *columns(KEY, "asset", nullable=True),
        *columns(UUID, "cycle_id", "decision_id", "intent_id", nullable=True),
        *columns(DOCUMENT, "entry"),
        *columns(INSTANT, "real_at", server_default=sa.text("now()")),
        sa.PrimaryKeyConstraint("id", "at", name=op.f("pk_diary")),
        schema=SCHEMA,
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index(
        "ix_diary_account_id_at",
        "diary",
        ["account_id", sa.text("at desc"), sa.text("id desc")],
        schema=SCHEMA,
    )
    op.create_index("ix_diary_at", "diary", [sa.text("at desc"), sa.text("id desc")], schema=SCHEMA)
    op.create_table(
        "equity_snapshots",
        *columns(KEY, "account_id"),
        *columns(INSTANT, "at"),
        *columns(
            MONEY, "wallet", "unrealized", "equity", "margin_used", "available", "gross_exposure"
        ),
        *columns(MONEY, "transfers", server_default=sa.text("0")),
        *columns(UUID, "cycle_id", nullable=True),
        *columns(INSTANT, "real_at", server_default=sa.text("now()")),
        sa.PrimaryKeyConstraint("account_id", "at", name=op.f("pk_equity_snapshots")),
        schema=SCHEMA,
        postgresql_partition_by="RANGE (at)",
    )
    op.create_table(
        "events",
        sa.Column("id", BIG, sa.Identity(), nullable=False),
        *columns(INSTANT, "at"),
        *columns(INSTANT, "real_at", server_default=sa.text("clock_timestamp()")),
        *columns(KEY, "account_id", nullable=True),
        *columns(WORDS, "channel", "kind"),
        *columns(DOCUMENT, "payload"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_events_channel_account_id_id", "events", ["channel", "account_id", "id"], schema=SCHEMA
    )


def _paper():
    op.create_table(
        "paper_wallets",
        *columns(KEY, "account_id"),
        *columns(MONEY, "wallet"),
        *columns(INSTANT, "matched_until"),
        *columns(DOCUMENT, "leverage", server_default=sa.text("'{}'")),
        *columns(BIG, "next_order_id", "next_trade_id", "next_tran_id"),
        *columns(MONEY, "maker", "taker", "slippage"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["app.accounts.id"], name=op.f("fk_paper_wallets_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_paper_wallets")),
        schema=SCHEMA,
    )
    op.create_table(
        "paper_positions",
        *columns(KEY, "account_id", "symbol"),
        *columns(MONEY, "quantity", "entry_price"),
        *columns(WHOLE, "leverage"),
        *columns(MONEY, "isolated_margin"),
        *columns(INSTANT, "opened_at"),
        sa.PrimaryKeyConstraint("account_id", "symbol", name=op.f("pk_paper_positions")),
        schema=SCHEMA,
    )
    op.create_table(
        "paper_orders",
        *columns(KEY, "account_id"),
        *columns(BIG, "order_id"),
        *columns(KEY, "client_order_id", "symbol"),
        *columns(WORDS, "side", "order_type", "status"),
        *columns(MONEY, "quantity", "filled_quantity"),
        *columns(MONEY, "average_price", "price", "stop_price", nullable=True),
        *columns(FLAG, "reduce_only"),
        *columns(INSTANT, "created_at", "updated_at"),
        sa.PrimaryKeyConstraint("account_id", "order_id", name=op.f("pk_paper_orders")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_paper_orders_account_id_client_order_id",
        "paper_orders",
        ["account_id", "client_order_id"],
        schema=SCHEMA,
    )
    op.create_table(
        "paper_fills",
        *columns(KEY, "account_id"),
        *columns(BIG, "trade_id", "order_id"),
        *columns(KEY, "client_order_id", "symbol"),
        *columns(WORDS, "side"),
        *columns(MONEY, "quantity", "price", "fee", "realized_pnl"),
        *columns(FLAG, "is_maker"),
        *columns(WORDS, "cause"),
        *columns(INSTANT, "filled_at"),
        sa.PrimaryKeyConstraint("account_id", "trade_id", name=op.f("pk_paper_fills")),
        schema=SCHEMA,
    )
    op.create_table(
        "paper_income",
        *columns(KEY, "account_id"),
        *columns(BIG, "tran_id"),
        *columns(WORDS, "kind"),
        *columns(KEY, "symbol", nullable=True),
        *columns(MONEY, "amount"),
        *columns(MONEY, "rate", "mark", nullable=True),
        *columns(INSTANT, "at"),
        sa.PrimaryKeyConstraint("account_id", "tran_id", name=op.f("pk_paper_income")),
        schema=SCHEMA,
    )
