"""What all processes of a host share about a venue."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from adapters.store.tables.base import Instant, Key, Money, account_column, metadata

signer_nonces = Table(
    "signer_nonces",
    metadata,
    Column("signer", Key, primary_key=True),  # network and address of the wallet that signs
    Column("last_nonce", BigInteger, nullable=False),  # microseconds of the venue's clock
    Column("real_used_at", Instant, nullable=False, server_default=text("clock_timestamp()")),
    CheckConstraint("last_nonce > 0", name="nonce_positive"),
)
"""The newest nonce of each signing wallet; one locked row gives all processes an order."""

live_permits = Table(
    "live_permits",
    metadata,
    Column("id", Uuid, primary_key=True),
    account_column(),
    Column("venue", Text, nullable=False),
    Column("network", Text, nullable=False),
    Column("fingerprint", Key, nullable=False),  # network and owner of the venue account
    Column("owner", Text, nullable=False),  # main wallet, or a hash of the V1 key; never a secret
    Column("opening_wallet", Money, nullable=False),  # our ledger begins with it
    Column("opening_equity", Money, nullable=False),  # the baseline of all returns
    Column("opened_at", Instant, nullable=False),  # nothing before it is booked
    Column("checks", JSONB, nullable=False),  # what the doctor found
    Column("granted_by", Text, nullable=False),
    Column("real_granted_at", Instant, nullable=False, server_default=text("clock_timestamp()")),
    Column("real_ended_at", Instant, nullable=True),
    Column("ended_reason", Text, nullable=True),
    ForeignKeyConstraint(["account_id"], ["app.accounts.id"]),
    Index(
        "uq_live_permits_account",
        "account_id",
        unique=True,
        postgresql_where=text("real_ended_at is null"),
    ),
    Index(
        "uq_live_permits_fingerprint",
        "fingerprint",
        unique=True,
        postgresql_where=text("real_ended_at is null"),
    ),
)
"""That an operator has let an account trade real money: without one nothing is sent.

Of two accounts only one can hold a venue account, so that two agents never share one."""
