"""What the twin of a live account reads of its original: the decisions of one slot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from adapters.store.tables import accounts, cycles, decisions
from trading.account import AccountStatus
from trading.decisions import Action, TradeDecision
from trading.exits.invalidation.plan import parse_conditions

_DONE = "done"
_ENDED = (_DONE, "skipped", "failed", "missed")


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalDecision:
    """One decision as the original stored it."""

    id: UUID
    decision: TradeDecision
    asset: str
    reference_price: Decimal
    equity: Decimal | None
    """Of the original when it decided (quote); None for a row of an older version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalTurn:
    """How far the original is with a slot."""

    decisions: tuple[OriginalDecision, ...] = ()
    """All of them or none: they are stored together."""
    why_none: str | None = None
    """Why none will come any more; None: they may still come."""


def load_turn(
    conn: Connection, account_id: str, slot: datetime, *, takes_stop: bool
) -> OriginalTurn:
    """The original's decisions of a slot; `takes_stop` as its strategy says, which rows do not."""
    cycle = conn.execute(
        select(cycles.c.id, cycles.c.status, cycles.c.reason).where(
            cycles.c.account_id == account_id, cycles.c.slot == slot
        )
    ).one_or_none()
    if cycle is None:
        return OriginalTurn(why_none=_why_never(conn, account_id))
    rows = conn.execute(
        select(decisions).where(decisions.c.cycle_id == cycle.id).order_by(decisions.c.symbol)
    )
    made = tuple(_decision(row, takes_stop=takes_stop) for row in rows)
    if made or cycle.status not in _ENDED:
        return OriginalTurn(decisions=made)
    if cycle.status == _DONE:
        return OriginalTurn(why_none="it decided nothing")
    reason = f" ({cycle.reason})" if cycle.reason else ""
    return OriginalTurn(why_none=f"its cycle was {cycle.status}{reason}")


def _why_never(conn: Connection, account_id: str) -> str | None:
    """Why an account without a cycle of the slot will not have one."""
    row = conn.execute(
        select(accounts.c.status, accounts.c.real_removed_at).where(accounts.c.id == account_id)
    ).one_or_none()
    if row is None or row.real_removed_at is not None:
        return "it is not in the arena any more"
    return None if row.status == AccountStatus.ACTIVE else f"it is {row.status}"


def _decision(row: Row[Any], *, takes_stop: bool) -> OriginalDecision:
    return OriginalDecision(
        id=row.id,
        decision=TradeDecision(
            symbol=row.symbol,
            action=Action(row.action),
            allocation_usd=row.allocation_usd,
            take_profit_price=row.take_profit_price,
            stop_price=row.stop_price,
            exit_plan=row.exit_plan,
            rationale=row.rationale,
            confidence=row.confidence,
            decided_by=row.decided_by,
            takes_stop=takes_stop,
            exit_conditions=parse_conditions(row.exit_conditions),
        ),
        asset=row.asset,
        reference_price=row.reference_price,
        equity=row.equity,
    )
