"""What models were asked and what came of it: pages, whole calls, and the search through them.

A call belongs to an asset or an action by the decisions that were made of its answer, so a call that
was thrown away belongs to none. Times are market times but for `real_started_at`; money is USD.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.tables import decision_outcomes, decisions, model_calls
from adapters.store.views.decisions import DecisionView, load_decisions_of_calls
from adapters.store.views.paging import Cursor, Keyset, Page, PageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCall:
    """What is short of a call."""

    id: UUID
    account_id: str
    cycle_id: UUID | None
    purpose: str
    replay_of: UUID | None
    at: datetime
    real_started_at: datetime
    seconds: float
    host: str
    model_asked: str
    model_used: str | None
    prompt_name: str
    prompt_version: str
    form: str
    outcome: str
    reason: str
    prompt_tokens: int | None
    answer_tokens: int | None
    known_tokens: int
    known_cost: Decimal
    billed: int
    unknown_costs: int
    unknown_usages: int

    @property
    def cost(self) -> Decimal | None:
        """USD; None as soon as the price of one billed request is unknown."""
        return None if self.unknown_costs else self.known_cost


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefDecision:
    """What became of one asset, in three words."""

    id: UUID
    asset: str
    action: str
    verdict: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCall(StoredCall):
    """A call in a list."""

    decisions: tuple[BriefDecision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionOutcome:
    """How a decision had turned out at one horizon; prices are quote per base."""

    decision_id: UUID
    horizon: str
    known_at: datetime
    price: Decimal
    move_ratio: Decimal
    result_ratio: Decimal | None
    net_pnl: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeCall(StoredCall):
    """Everything that is stored of a call."""

    reply_text: str | None
    """As received, redacted."""
    reading: dict[str, Any] | None
    call: dict[str, Any]
    """Messages, parameters, attempts with raw answers, tools; numbers of money as text."""
    decisions: tuple[DecisionView, ...]
    outcomes: tuple[DecisionOutcome, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilters:
    """What a list is narrowed to beside account, asset and time; empty means: not narrowed."""

    actions: tuple[str, ...] = ()
    """Of a decision that was made of the answer; of the same asset where one is asked for."""
    outcomes: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    model: str | None = None
    """As asked for, or as the answer names it."""
    text: str | None = None
    """Words of the reply: all of them, `"a phrase"`, `or`, and `-not`."""


_SHORT = [model_calls.c[name] for name in StoredCall.__dataclass_fields__]
_LONG = [*_SHORT, model_calls.c.reply_text, model_calls.c.reading, model_calls.c.call]
_WORDS = "simple"
"""The search configuration of the column: words as they are written, of any language."""


def _cursor(row: Row[Any]) -> Cursor:
    return Cursor(at=row.at, key=str(row.id))


_KEYSET = Keyset(
    account_id=model_calls.c.account_id,
    at=model_calls.c.at,
    key=model_calls.c.id,
    parse_key=UUID,
    cursor_of=_cursor,
)


async def list_model_calls(
    conn: AsyncConnection, request: PageRequest, only: CallFilters
) -> Page[ListedCall]:
    """Calls without their documents, newest first."""
    query = _narrow(select(*_SHORT), request, only)
    page = await _KEYSET.load_page(conn, query, request, lambda row: row)
    made = await _brief_decisions(conn, [row.id for row in page.items])
    return Page(
        items=tuple(ListedCall(**row._mapping, decisions=made[row.id]) for row in page.items),
        next=page.next,
    )


async def list_whole_calls(
    conn: AsyncConnection, request: PageRequest, only: CallFilters
) -> Page[WholeCall]:
    """The same with everything that is stored; ask for small pages."""
    query = _narrow(select(*_LONG), request, only)
    page = await _KEYSET.load_page(conn, query, request, lambda row: row)
    return Page(items=await _whole(conn, page.items), next=page.next)


async def load_model_call(conn: AsyncConnection, call_id: UUID) -> WholeCall | None:
    """One call; None when there is none of that id."""
    row = (await conn.execute(select(*_LONG).where(model_calls.c.id == call_id))).one_or_none()
    return None if row is None else (await _whole(conn, (row,)))[0]


async def find_model_calls(
    conn: AsyncConnection, first: UUID, last: UUID, *, limit: int
) -> tuple[UUID, ...]:
    """Calls whose id, or the id of a decision that was made of them, lies between the two."""
    of_decisions = select(decisions.c.model_call_id).where(decisions.c.id.between(first, last))
    query = (
        select(model_calls.c.id)
        .where(or_(model_calls.c.id.between(first, last), model_calls.c.id.in_(of_decisions)))
        .order_by(model_calls.c.id)
        .limit(limit)
    )
    return tuple(await conn.scalars(query))


def _narrow(query: Select[Any], request: PageRequest, only: CallFilters) -> Select[Any]:
    columns = model_calls.c
    if request.filters.asset is not None or only.actions:
        query = query.where(_led_to(request.filters.asset, only.actions))
    if only.outcomes:
        query = query.where(columns.outcome.in_(only.outcomes))
    if only.purposes:
        query = query.where(columns.purpose.in_(only.purposes))
    if only.model is not None:
        query = query.where(
            or_(columns.model_asked == only.model, columns.model_used == only.model)
        )
    if only.text is not None:
        wanted = func.websearch_to_tsquery(_WORDS, only.text)
        query = query.where(columns.words.bool_op("@@")(wanted))
    return query


def _led_to(asset: str | None, actions: tuple[str, ...]) -> ColumnElement[bool]:
    """Whether one decision of the call is of the asset and one of the actions."""
    made = select(decisions.c.id).where(decisions.c.model_call_id == model_calls.c.id)
    if asset is not None:
        made = made.where(decisions.c.asset == asset)
    if actions:
        made = made.where(decisions.c.action.in_(actions))
    return made.exists()


async def _brief_decisions(
    conn: AsyncConnection, calls: Sequence[UUID]
) -> defaultdict[UUID, tuple[BriefDecision, ...]]:
    names = [decisions.c[name] for name in BriefDecision.__dataclass_fields__]
    query = (
        select(decisions.c.model_call_id, *names)
        .where(decisions.c.model_call_id.in_(calls))
        .order_by(decisions.c.asset, decisions.c.id)
    )
    found: defaultdict[UUID, tuple[BriefDecision, ...]] = defaultdict(tuple)
    for row in await conn.execute(query):
        values = dict(row._mapping)
        found[values.pop("model_call_id")] += (BriefDecision(**values),)
    return found


async def _whole(conn: AsyncConnection, rows: Sequence[Row[Any]]) -> tuple[WholeCall, ...]:
    made = await load_decisions_of_calls(conn, [row.id for row in rows])
    ids = [each.id for decided in made.values() for each in decided]
    outcomes = await _outcomes(conn, ids)
    return tuple(
        WholeCall(
            **row._mapping,
            decisions=made[row.id],
            outcomes=tuple(each for one in made[row.id] for each in outcomes[one.id]),
        )
        for row in rows
    )


async def _outcomes(
    conn: AsyncConnection, ids: Sequence[UUID]
) -> defaultdict[UUID, tuple[DecisionOutcome, ...]]:
    query = (
        select(*(decision_outcomes.c[name] for name in DecisionOutcome.__dataclass_fields__))
        .where(decision_outcomes.c.decision_id.in_(ids))
        .order_by(decision_outcomes.c.known_at, decision_outcomes.c.horizon)
    )
    found: defaultdict[UUID, tuple[DecisionOutcome, ...]] = defaultdict(tuple)
    for row in await conn.execute(query):
        found[row.decision_id] += (DecisionOutcome(**row._mapping),)
    return found
