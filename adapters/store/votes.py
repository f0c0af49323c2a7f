"""What the members of a blend brought about, from the votes stored with its decisions.

Keyed by what is closed: an outcome is a closed round trip and counts for the members that had
voted for its entry. Times are market times.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select

from adapters.store.tables import decisions, trades
from trading.blend.allocation import OUTCOMES_KEPT, MemberOutcome
from trading.blend_plan import MOST_MEMBERS

_MOST_TRADES = OUTCOMES_KEPT * MOST_MEMBERS
"""Enough for every member, unless one votes far more often than another."""


def load_owners(conn: Connection, account_id: str) -> dict[str, frozenset[str]]:
    """By symbol of an open trade: the members that voted for its entry or for growing it.

    Only what risk approved. A trade that no decision of a blend opened has no members.
    """
    first = decisions.alias("first")
    query = (
        select(trades.c.symbol, _agreeing(decisions.c.votes).label("agreeing"))
        .join(first, first.c.id == trades.c.decision_id)
        .join(
            decisions,
            (decisions.c.account_id == trades.c.account_id)
            & (decisions.c.symbol == trades.c.symbol)
            & (decisions.c.decided_at >= first.c.decided_at)
            & (decisions.c.action == first.c.action),
        )
        .where(
            trades.c.account_id == account_id,
            trades.c.status == "open",
            decisions.c.verdict.in_(("approved", "shrunk")),
            decisions.c.votes.is_not(None),
        )
    )
    owners: dict[str, frozenset[str]] = {}
    for row in conn.execute(query):
        owners[row.symbol] = owners.get(row.symbol, frozenset()) | frozenset(row.agreeing)
    return owners


def load_outcomes(
    conn: Connection, account_id: str, *, until: datetime
) -> tuple[MemberOutcome, ...]:
    """The results of the newest trades closed at or before `until`, one for each member behind them."""
    net = trades.c.gross_pnl - trades.c.fees + trades.c.funding
    query = (
        select(
            trades.c.closed_at,
            (net / (trades.c.entered_quantity * trades.c.entry_price)).label("ratio"),
            _agreeing(decisions.c.votes).label("agreeing"),
        )
        .join(decisions, decisions.c.id == trades.c.decision_id)
        .where(
            trades.c.account_id == account_id,
            trades.c.status == "closed",
            trades.c.closed_at <= until,
            decisions.c.votes.is_not(None),
        )
        .order_by(trades.c.closed_at.desc(), trades.c.symbol)
        .limit(_MOST_TRADES)
    )
    return tuple(
        MemberOutcome(member=member, closed_at=row.closed_at, return_ratio=float(row.ratio))
        for row in conn.execute(query)
        for member in row.agreeing
    )


def _agreeing(votes: ColumnElement) -> ColumnElement:
    """Names; every document of votes has them."""
    return votes["agreeing"]
