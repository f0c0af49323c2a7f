"""The paper venue's own books: it is an exchange, we only happen to host it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from adapters.store.tables.base import Instant, Key, Money, account_column, metadata
from adapters.store.tables.order_terms import order_terms, request_terms

paper_wallets = Table(
    "paper_wallets",
    metadata,
    Column("account_id", Key, ForeignKey("app.accounts.id"), primary_key=True),
    Column("wallet", Money, nullable=False),
    Column("matched_until", Instant, nullable=False),
    Column("leverage", JSONB, nullable=False, server_default=text("'{}'")),
    Column("margin_modes", JSONB, nullable=False, server_default=text("'{}'")),
    Column("marks", JSONB, nullable=False, server_default=text("'{}'")),  # of cross positions
    Column("next_order_id", BigInteger, nullable=False),
    Column("next_trade_id", BigInteger, nullable=False),
    Column("next_tran_id", BigInteger, nullable=False),
    Column("maker", Money, nullable=False),
    Column("taker", Money, nullable=False),
    Column("slippage", Money, nullable=False),
    Column("slippage_policy", Text, nullable=False, server_default=text("'fixed'")),
    Column("volume_share", Money, nullable=True),
    CheckConstraint("slippage_policy in ('fixed', 'spread', 'depth')", name="slippage_policy"),
    CheckConstraint("volume_share > 0 and volume_share <= 1", name="volume_share"),
)

paper_positions = Table(
    "paper_positions",
    metadata,
    account_column(primary_key=True),
    Column("symbol", Key, primary_key=True),
    Column("quantity", Money, nullable=False),
    Column("entry_price", Money, nullable=False),
    Column("leverage", Integer, nullable=False),
    Column("isolated_margin", Money, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("margin_mode", Text, nullable=False, server_default=text("'isolated'")),
    CheckConstraint("margin_mode in ('isolated', 'cross')", name="margin_mode"),
)

paper_orders = Table(
    "paper_orders",
    metadata,
    account_column(),
    Column("order_id", BigInteger, nullable=False),
    Column("client_order_id", Key, nullable=False),
    Column("symbol", Key, nullable=False),
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
    PrimaryKeyConstraint("account_id", "order_id"),
    Index("ix_paper_orders_account_id_client_order_id", "account_id", "client_order_id"),
)

paper_fills = Table(
    "paper_fills",
    metadata,
    account_column(),
    Column("trade_id", BigInteger, nullable=False),
    Column("order_id", BigInteger, nullable=False),
    Column("client_order_id", Key, nullable=False),
    Column("symbol", Key, nullable=False),
    Column("side", Text, nullable=False),
    Column("quantity", Money, nullable=False),
    Column("price", Money, nullable=False),
    Column("fee", Money, nullable=False),
    Column("realized_pnl", Money, nullable=False),
    Column("is_maker", Boolean, nullable=False),
    Column("cause", Text, nullable=False),
    Column("filled_at", Instant, nullable=False),
    PrimaryKeyConstraint("account_id", "trade_id"),
)

paper_income = Table(
    "paper_income",
    metadata,
    account_column(),
    Column("tran_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("symbol", Key, nullable=True),
    Column("amount", Money, nullable=False),
    Column("rate", Money, nullable=True),
    Column("mark", Money, nullable=True),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("account_id", "tran_id"),
)
