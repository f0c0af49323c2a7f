"""What a model is told of its account's past: closed trades with its own words, and the latest fills.

Only what was over by `until` (market time), so that nothing later than the decision is known to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select

from adapters.store.order_rows import fill_from
from adapters.store.tables import decisions, fills, trades
from adapters.store.trades import StoredTrade, stored_trade
from trading.orders import Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedTrade:
    """A closed trade and why it was entered."""

    stored: StoredTrade
    rationale: str


def closed_trades(
    conn: Connection, account_id: str, *, until: datetime, limit: int
) -> tuple[RememberedTrade, ...]:
    """The newest closed trades, oldest first."""
    query = (
        select(trades, decisions.c.rationale.label("words"))
        .join_from(trades, decisions, trades.c.decision_id == decisions.c.id, isouter=True)
        .where(
            trades.c.account_id == account_id,
            trades.c.status == "closed",
            trades.c.closed_at <= until,
        )
        .order_by(trades.c.closed_at.desc())
        .limit(limit)
    )
    found = [
        RememberedTrade(stored=stored_trade(row), rationale=row.words or "")
        for row in conn.execute(query)
    ]
    return tuple(reversed(found))


def latest_fills(
    conn: Connection, account_id: str, *, until: datetime, limit: int
) -> tuple[Fill, ...]:
    """The newest fills, oldest first."""
    query = (
        select(fills)
        .where(fills.c.account_id == account_id, fills.c.filled_at <= until)
        .order_by(fills.c.sequence.desc())
        .limit(limit)
    )
    found = [
        fill_from(row, trade_id=row.trade_id, venue_order_id=row.venue_order_id)
        for row in conn.execute(query)
    ]
    return tuple(reversed(found))


def words_of(conn: Connection, decision_ids: Sequence[UUID]) -> dict[UUID, str]:
    """What was said when these decisions were made."""
    if not decision_ids:
        return {}
    query = select(decisions.c.id, decisions.c.rationale).where(
        decisions.c.id.in_(list(decision_ids))
    )
    return {row.id: row.rationale for row in conn.execute(query)}
