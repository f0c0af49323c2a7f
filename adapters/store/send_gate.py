"""The gate that every entry passes on its way out, and the bar an operator lays across it.

An entry holds the gate in the short transaction that announces it (intent `submitting`, committed
before the venue is called). Whoever bars the gate waits for those transactions; from then on no
entry can be announced, and the announced ones are listed by `entries_in_flight`. Reduce-only orders
never come here: a position must not lose its protection to an operator's stop. Advisory locks and
not row locks, because PostgreSQL queues them fairly: a stream of entries cannot starve a stop.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import OperationalError

from adapters.store.errors import StoreError
from adapters.store.tables import intents
from trading.orders import IntentState

SEND_SECONDS = 10.0
"""Longest a venue may take to answer a submit; after that the outcome is unknown."""
ANNOUNCED_SECONDS = 3.0
"""An entry that was announced longer ago is not sent any more; a halt that waits longer than this
has therefore seen the last one leave."""

_ALL = "send-gate"


class GateBarred(StoreError):
    """An operator holds the gate: the entry must not be announced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryInFlight:
    """An entry that was announced and whose end is not known yet."""

    account_id: str
    symbol: str
    client_order_id: str
    real_sent_at: datetime


def pass_gate(conn: Connection, account_id: str) -> None:
    """Hold the gate open for one entry until the commit. Raises `GateBarred`; roll back then."""
    statement = text(
        "select pg_advisory_xact_lock_shared(hashtextextended(:all, 0)),"
        " pg_advisory_xact_lock_shared(hashtextextended(:one, 0))"
    )
    try:
        conn.execute(statement, {"all": _ALL, "one": _name(account_id)})
    except OperationalError as error:
        if isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise GateBarred(f"the operator is stopping account {account_id}") from error
        raise


def bar_gate(conn: Connection, account_id: str | None) -> None:
    """Let no entry of the account (None: of any) be announced until the commit."""
    name = _ALL if account_id is None else _name(account_id)
    conn.execute(text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


def entries_in_flight(conn: Connection, account_id: str | None) -> tuple[EntryInFlight, ...]:
    """Announced entries of the account (None: of all) without an end, oldest first."""
    query = (
        select(intents)
        .where(
            intents.c.state == IntentState.SUBMITTING.value,
            intents.c.reduce_only.is_(False),
        )
        .order_by(intents.c.real_sent_at)
    )
    if account_id is not None:
        query = query.where(intents.c.account_id == account_id)
    return tuple(
        EntryInFlight(
            account_id=row.account_id,
            symbol=row.symbol,
            client_order_id=row.client_order_id,
            real_sent_at=row.real_sent_at,
        )
        for row in conn.execute(query)
    )


def _name(account_id: str) -> str:
    return f"{_ALL}:{account_id}"
