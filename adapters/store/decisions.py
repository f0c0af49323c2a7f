"""Decisions and what risk said of them. One per cycle and symbol, however often it is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, update
from sqlalchemy.dialects.postgresql import insert

from adapters.store.documents import clean_or_none, clean_text, to_document
from adapters.store.errors import StoreError
from adapters.store.tables import decisions
from trading.decisions import TradeDecision
from trading.exits.invalidation.plan import render_conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDecision:
    """A decision about one asset with the price it was made at (quote per base)."""

    decision: TradeDecision
    asset: str
    reference_price: Decimal
    votes: Mapping[str, Any] | None = None
    """Of a blend: the regime and what every member said; its `agreeing` brought the entry about."""
    model_call_id: UUID | None = None
    """Of a language model: the call whose answer it is."""
    twin_decision_id: UUID | None = None
    """Of a paper twin: the decision of its original that it repeats."""


def save_decisions(
    conn: Connection,
    decided: Sequence[NewDecision],
    *,
    cycle_id: UUID,
    account_id: str,
    decided_at: datetime,
    equity: Decimal | None = None,
) -> tuple[UUID, ...]:
    """Store decisions and return their ids, in the order given.

    `equity` is the account's when it decided (quote). The first decision of a cycle and symbol
    stays, with its id.
    """
    if not decided:
        return ()
    statement = insert(decisions)
    stored = conn.execute(
        # Touching the row without changing it is what makes RETURNING tell the id that stays.
        statement.on_conflict_do_update(
            index_elements=["cycle_id", "symbol"], set_={"symbol": statement.excluded.symbol}
        ).returning(decisions.c.symbol, decisions.c.id),
        [
            {
                "id": uuid4(),
                "cycle_id": cycle_id,
                "account_id": account_id,
                "decided_at": decided_at,
                "equity": equity,
                **_columns(new),
            }
            for new in decided
        ],
    )
    ids = {row.symbol: row.id for row in stored}
    return tuple(ids[new.decision.symbol] for new in decided)


def _columns(new: NewDecision) -> dict[str, Any]:
    decision = new.decision
    return {
        "symbol": decision.symbol,
        "asset": new.asset,
        "action": decision.action.value,
        "allocation_usd": decision.allocation_usd,
        "take_profit_price": decision.take_profit_price,
        "stop_price": decision.stop_price,
        "exit_plan": clean_text(decision.exit_plan),
        "exit_conditions": list(render_conditions(decision.exit_conditions)),
        "rationale": clean_text(decision.rationale),
        "confidence": decision.confidence,
        "decided_by": clean_text(decision.decided_by),
        "reference_price": new.reference_price,
        "votes": None if new.votes is None else to_document(new.votes),
        "twin_decision_id": new.twin_decision_id,
        "model_call_id": new.model_call_id,
    }


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
