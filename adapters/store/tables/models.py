"""What language models were asked and what came of it; and how decisions turned out."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from adapters.store.tables.base import Instant, Money, account_column, metadata

model_calls = Table(
    "model_calls",
    metadata,
    Column("id", Uuid, primary_key=True),
    account_column(),
    Column("cycle_id", Uuid, ForeignKey("app.cycles.id"), nullable=True),
    Column("purpose", Text, nullable=False),  # decide | correct | preview | replay
    Column("replay_of", Uuid, ForeignKey("app.model_calls.id"), nullable=True),
    Column("at", Instant, nullable=False),  # market time of the question
    Column("real_started_at", Instant, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("host", Text, nullable=False),
    Column("model_asked", Text, nullable=False),
    Column("model_used", Text, nullable=True),
    Column("prompt_name", Text, nullable=False),
    Column("prompt_version", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("outcome", Text, nullable=False),  # accepted, or why it was held; or an error's code
    Column("reason", Text, nullable=False),
    Column("reply_text", Text, nullable=True),  # as received, redacted
    Column("reading", JSONB, nullable=True),  # parse path, verdict per rule and per asset
    Column("call", JSONB, nullable=False),  # messages, parameters, attempts, rounds, usage
    Column("prompt_tokens", BigInteger, nullable=True),
    Column("answer_tokens", BigInteger, nullable=True),
    Column("known_cost", Money, nullable=False),  # USD
    Column("billed", Integer, nullable=False),  # requests that may have been billed
    Column("unknown_costs", Integer, nullable=False),
    Column("known_tokens", BigInteger, nullable=False),
    Column("unknown_usages", Integer, nullable=False),
    Column(
        "words",
        TSVECTOR,
        Computed("to_tsvector('simple', coalesce(left(reply_text, 200000), ''))", persisted=True),
    ),
    ForeignKeyConstraint(["account_id"], ["app.accounts.id"]),
    Index("ix_model_calls_account_id_at", "account_id", text("at desc"), text("id desc")),
    Index("ix_model_calls_at", text("at desc"), text("id desc")),
    Index("ix_model_calls_account_id_started", "account_id", "real_started_at"),
    Index("ix_model_calls_words", "words", postgresql_using="gin"),
    CheckConstraint("purpose in ('decide', 'correct', 'preview', 'replay')", name="purpose"),
)
"""Every question to a model, stored as it was answered, also when the answer was thrown away."""

decision_outcomes = Table(
    "decision_outcomes",
    metadata,
    Column("decision_id", Uuid, ForeignKey("app.decisions.id"), primary_key=True),
    Column("horizon", Text, primary_key=True),  # 1h | 4h | close
    account_column(),
    Column("known_at", Instant, nullable=False),  # market time from which it may be told
    Column("price", Money, nullable=False),  # quote per base at that instant
    Column(
        "move_ratio", Money, nullable=False
    ),  # of the price since the decision, unsigned by side
    Column("result_ratio", Money, nullable=True),  # in the decision's direction; null for a hold
    Column("net_pnl", Money, nullable=True),  # quote, of the trade that it opened; at its close
    ForeignKeyConstraint(["account_id"], ["app.accounts.id"]),
    Index("ix_decision_outcomes_account_id_known", "account_id", text("known_at desc")),
    CheckConstraint("horizon in ('1h', '4h', 'close')", name="horizon"),
)
"""How a decision turned out, told to nobody before `known_at`."""
