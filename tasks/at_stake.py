"""Whether something of an account is open at its venue, as far as our record knows."""

from __future__ import annotations

from sqlalchemy import Connection

from adapters.store.intents import load_unsettled
from adapters.store.positions import load_positions


def has_open_matters(conn: Connection, account_id: str) -> bool:
    """Whether a position or an order without its end is known of the account."""
    return bool(load_positions(conn, account_id) or load_unsettled(conn, account_id))
