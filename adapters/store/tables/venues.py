"""What all processes of a host share about a venue."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Table, text

from adapters.store.tables.base import Instant, Key, metadata

signer_nonces = Table(
    "signer_nonces",
    metadata,
    Column("signer", Key, primary_key=True),  # network and address of the wallet that signs
    Column("last_nonce", BigInteger, nullable=False),  # microseconds of the venue's clock
    Column("real_used_at", Instant, nullable=False, server_default=text("clock_timestamp()")),
    CheckConstraint("last_nonce > 0", name="nonce_positive"),
)
"""The newest nonce of each signing wallet; one locked row gives all processes an order."""
