"""Decisions and what risk said of them. One per cycle and symbol, however often it is stored."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.store.documents import clean_or_none, clean_text
from adapters.store.errors import StoreError
from adapters.store.tables import decisions
from trading.decisions import TradeDecision


def save_decision(
    conn: Connection,
    *,
    cycle_id: UUID,
    account_id: str,
    decision: TradeDecision,
    asset: str,
    decided_at: datetime,
    reference_price: Decimal,
) -> UUID:
    """Store a decision and return its id; the first one of a cycle and symbol stays."""
    key = (decisions.c.cycle_id == cycle_id, decisions.c.symbol == decision.symbol)
    conn.execute(
        insert(decisions)
        .values(
            id=uuid4(),
            cycle_id=cycle_id,
            account_id=account_id,
            symbol=decision.symbol,
            asset=asset,
            decided_at=decided_at,
            action=decision.action.value,
            allocation_usd=decision.allocation_usd,
            take_profit_price=decision.take_profit_price,
            stop_price=decision.stop_price,
            exit_plan=clean_text(decision.exit_plan),
            rationale=clean_text(decision.rationale),
            confidence=decision.confidence,
            decided_by=clean_text(decision.decided_by),
            reference_price=reference_price,
        )
        .on_conflict_do_nothing(index_elements=["cycle_id", "symbol"])
    )
    return conn.execute(select(decisions.c.id).where(*key)).scalar_one()


def save_verdict(  # noqa: PLR0913  the columns of one row
    conn: Connection,
    decision_id: UUID,
    *,
    verdict: str,
    code: str | None = None,
    text: str | None = None,
    limit: str | None = None,
    actual: str | None = None,
    approved_notional: Decimal | None = None,
    approved_stop_price: Decimal | None = None,
    approved_take_profit_price: Decimal | None = None,
) -> None:
    """What risk said: `approved`, `shrunk`, `denied` or `held`, with code, limit and actual.

    The approved levels are those that protect the position, the account's default stop included;
    the decision's own stay as they were given.

    Raises `StoreError` for an unknown decision.
    """
    done = conn.execute(
        update(decisions)
        .where(decisions.c.id == decision_id)
        .values(
            verdict=verdict,
            verdict_code=code,
            verdict_text=clean_or_none(text),
            verdict_limit=None if limit is None else str(limit),
            verdict_actual=None if actual is None else str(actual),
            approved_notional=approved_notional,
            approved_stop_price=approved_stop_price,
            approved_take_profit_price=approved_take_profit_price,
        )
    )
    if done.rowcount == 0:
        raise StoreError(f"there is no decision {decision_id}; store it before its verdict")
