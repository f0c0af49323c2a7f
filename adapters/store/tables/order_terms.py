"""Columns that every table of requests or orders has beside the first ones.

What people ask for is a column; the rest (which price triggers, a trailing stop's activation,
callback and extreme, when a stop limit came to life) is one document `terms` with exact text for
every number. A plain order has no terms.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from adapters.store.tables.base import Key


def request_terms() -> tuple[Column[Any], ...]:
    """Of what is asked for: intents, orders, the paper venue's orders."""
    return (
        Column("time_in_force", Text, nullable=False, server_default=text("'gtc'")),
        Column("close_position", Boolean, nullable=False, server_default=text("false")),
        Column("terms", JSONB, nullable=False, server_default=text("'{}'")),
    )


def order_terms() -> tuple[Column[Any], ...]:
    """Of what a venue holds: the group an order belongs to, and what it is in there."""
    return (
        Column("group_id", Key, nullable=True),
        Column("group_role", Text, nullable=True),
    )
