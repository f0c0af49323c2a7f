"""How decisions turned out: what is due, what came of it, and what may be told at an instant.

An outcome is stored once and stays. It is told to nobody before `known_at` (market time).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, func, select
from sqlalchemy.dialects.postgresql import insert

from adapters.store.tables import decision_outcomes, decisions, trades
from adapters.store.trades import stored_trade
from trading.decision.outcomes import LENGTHS, DecisionMade, DecisionOutcome, Horizon, Outcome
from trading.decisions import Action
from trading.trades import Trade

LONGEST_WORDS = 200
"""Characters of a decision's rationale that go with its outcome."""
TOLD_FOR = timedelta(days=7)
"""Since it was known; a bound, since a model that mostly holds has thousands of outcomes in between."""


@dataclass(frozen=True, slots=True)
class Due:
    """A decision whose outcome at a horizon by price can be known."""

    made: DecisionMade
    horizon: Horizon


def load_due(
    conn: Connection, account_id: str, *, since: datetime, until: datetime, limit: int
) -> tuple[Due, ...]:
    """Decisions without an outcome at a horizon that lies between `since` and `until`, the newest first.

    `limit` is for each horizon.
    """
    found: list[Due] = []
    for horizon, length in LENGTHS.items():
        query = (
            select(
                decisions.c.id,
                decisions.c.symbol,
                decisions.c.action,
                decisions.c.decided_at,
                decisions.c.reference_price,
            )
            .where(
                decisions.c.account_id == account_id,
                decisions.c.decided_at > since - length,
                decisions.c.decided_at <= until - length,
                _lacks(horizon, account_id, since),
            )
            .order_by(decisions.c.decided_at.desc(), decisions.c.id.desc())
            .limit(limit)
        )
        found += [Due(_made(row, row.id), horizon) for row in conn.execute(query)]
    return tuple(found)


def load_ended(
    conn: Connection, account_id: str, *, since: datetime, until: datetime, limit: int
) -> tuple[tuple[DecisionMade, Trade], ...]:
    """Trades closed between `since` and `until` whose decision has no such outcome, the newest first."""
    query = (
        select(trades, decisions.c.action, decisions.c.decided_at, decisions.c.reference_price)
        .join(decisions, decisions.c.id == trades.c.decision_id)
        .where(
            trades.c.account_id == account_id,
            trades.c.status == "closed",
            trades.c.closed_at > since,
            trades.c.closed_at <= until,
            _lacks(Horizon.CLOSE, account_id, since),
        )
        .order_by(trades.c.closed_at.desc(), trades.c.id)
        .limit(limit)
    )
    return tuple(
        (_made(row, row.decision_id), stored_trade(row).trade) for row in conn.execute(query)
    )


def save_outcomes(conn: Connection, account_id: str, outcomes: Sequence[Outcome]) -> int:
    """Store them; how many were new. The first of a decision and horizon stays."""
    if not outcomes:
        return 0
    # Of two trades of one decision the one that was closed first counts.
    rows = [
        {
            "decision_id": each.decision_id,
            "horizon": each.horizon.value,
            "account_id": account_id,
            "known_at": each.known_at,
            "price": each.price,
            "move_ratio": each.move_ratio,
            "result_ratio": each.result_ratio,
            "net_pnl": each.net_pnl,
        }
        for each in sorted(outcomes, key=lambda each: each.known_at)
    ]
    statement = insert(decision_outcomes).values(rows).on_conflict_do_nothing()
    return len(conn.execute(statement.returning(decision_outcomes.c.decision_id)).all())


def load_outcome_table(
    conn: Connection,
    account_id: str,
    until: datetime,
    limit: int,
    *,
    with_holds: bool = False,
) -> tuple[DecisionOutcome, ...]:
    """The newest outcomes of a week that were known at `until`, oldest first.

    Of decisions to trade; holds are many and would leave no room for them.
    """
    kept = decision_outcomes.c
    query = (
        select(
            decisions.c.asset,
            decisions.c.action,
            decisions.c.decided_at,
            decisions.c.confidence,
            func.left(decisions.c.rationale, LONGEST_WORDS).label("rationale"),
            kept.horizon,
            kept.known_at,
            kept.move_ratio,
            kept.result_ratio,
            kept.net_pnl,
        )
        .join(decisions, decisions.c.id == kept.decision_id)
        .where(
            kept.account_id == account_id,
            decisions.c.account_id == account_id,
            kept.known_at <= until,
            kept.known_at > until - TOLD_FOR,
        )
        .order_by(kept.known_at.desc(), decisions.c.asset.desc(), kept.horizon.desc())
        .limit(limit)
    )
    if not with_holds:
        query = query.where(decisions.c.action != Action.HOLD.value)
    return tuple(reversed([_told(row) for row in conn.execute(query)]))


def _lacks(horizon: Horizon, account_id: str, since: datetime) -> ColumnElement[bool]:
    """Whether a decision has no outcome at a horizon, of those known after `since`, and can have one.

    With `since` only the newest outcomes are looked through, however many there are.
    """
    known = select(decision_outcomes.c.decision_id).where(
        decision_outcomes.c.decision_id == decisions.c.id,
        decision_outcomes.c.horizon == horizon.value,
        decision_outcomes.c.account_id == account_id,
        decision_outcomes.c.known_at > since,
    )
    return (decisions.c.reference_price > 0) & ~known.exists()


def _made(row: Row[Any], decision_id: UUID) -> DecisionMade:
    return DecisionMade(
        id=decision_id,
        symbol=row.symbol,
        action=Action(row.action),
        decided_at=row.decided_at,
        reference_price=row.reference_price,
    )


def _told(row: Row[Any]) -> DecisionOutcome:
    return DecisionOutcome(
        asset=row.asset,
        action=Action(row.action),
        decided_at=row.decided_at,
        horizon=Horizon(row.horizon),
        known_at=row.known_at,
        move_ratio=row.move_ratio,
        result_ratio=row.result_ratio,
        net_pnl=row.net_pnl,
        confidence=row.confidence,
        rationale=row.rationale,
    )
