"""The paper venue's own books: it is an exchange, we only happen to host it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
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

paper_wallets = Table(
    "paper_wallets",
    metadata,
    Column("account_id", Key, ForeignKey("app.accounts.id"), primary_key=True),
    Column("wallet", Money, nullable=False),
    Column("matched_until", Instant, nullable=False),
    Column("leverage", JSONB, nullable=False, server_default=text("'{}'")),
    Column("next_order_id", BigInteger, nullable=False),
    Column("next_trade_id", BigInteger, nullable=False),
    Column("next_tran_id", BigInteger, nullable=False),
    Column("maker", Money, nullable=False),
    Column("taker", Money, nullable=False),
    Column("slippage", Money, nullable=False),
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
