"""Decisions for the feed: what was chosen, why, and what risk said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.tables import decisions
from adapters.store.views.paging import Cursor, Keyset, Page, PageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionView:
    """One decision for one asset, with the verdict of risk."""

    id: UUID
    cycle_id: UUID
    account_id: str
    symbol: str
    asset: str
    decided_at: datetime
    action: str
    allocation_usd: Decimal
    take_profit_price: Decimal | None
    stop_price: Decimal | None
    exit_plan: str
    rationale: str
    confidence: float
    decided_by: str
    verdict: str | None
    verdict_code: str | None
    verdict_text: str | None
    verdict_limit: str | None
    verdict_actual: str | None
    approved_notional: Decimal | None
    reference_price: Decimal
    model_call_id: UUID | None
    """Of a language model: the call whose answer it is."""


_COLUMNS = [decisions.c[name] for name in DecisionView.__dataclass_fields__]


def _cursor(row: Row[Any]) -> Cursor:
    return Cursor(at=row.decided_at, key=str(row.id))


_KEYSET = Keyset(
    account_id=decisions.c.account_id,
    at=decisions.c.decided_at,
    key=decisions.c.id,
    parse_key=UUID,
    cursor_of=_cursor,
)


async def list_decisions(
    conn: AsyncConnection, request: PageRequest, *, actions: tuple[str, ...] = ()
) -> Page[DecisionView]:
    """Decisions, newest first; `actions` narrows to some of buy, sell, hold, close."""
    query = select(*_COLUMNS)
    if request.filters.asset is not None:
        query = query.where(decisions.c.asset == request.filters.asset)
    if actions:
        query = query.where(decisions.c.action.in_(actions))
    return await _KEYSET.load_page(conn, query, request, _decision)


async def load_decisions_of_calls(
    conn: AsyncConnection, calls: Sequence[UUID]
) -> defaultdict[UUID, tuple[DecisionView, ...]]:
    """By model call: the decisions that were made of its answer, by asset."""
    query = (
        select(*_COLUMNS)
        .where(decisions.c.model_call_id.in_(calls))
        .order_by(decisions.c.asset, decisions.c.id)
    )
    found: defaultdict[UUID, tuple[DecisionView, ...]] = defaultdict(tuple)
    for row in await conn.execute(query):
        found[row.model_call_id] += (_decision(row),)
    return found


def _decision(row: Row[Any]) -> DecisionView:
    return DecisionView(**row._mapping)
