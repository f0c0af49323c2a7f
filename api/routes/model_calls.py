"""Calls of language models: the list, one call whole, the export, and an account's use of its budget.

The list is short; messages and raw answers come with one call or with the export. What is stored has no
secrets in it, so nothing is taken out here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.views.model_calls import (
    CallFilters,
    ListedCall,
    WholeCall,
    list_model_calls,
    list_whole_calls,
    load_model_call,
)
from adapters.store.views.model_usage import (
    AccountModel,
    ModelDay,
    add_days,
    load_account_model,
    load_model_days,
    load_newest_question,
)
from adapters.store.views.paging import Page, PageRequest
from api.answers import ACCOUNT_SECONDS, TRADES_SECONDS, answer
from api.listing import Listing, ListQuery, require_account
from api.model_shapes import ModelCallDocument, ModelCallShape, ModelUsageShape
from api.problem_details import PROBLEM_RESPONSES, Problem
from api.shapes import PageShape
from api.store_access import open_of, reading
from trading.decision.context.trimming import estimate_tokens
from trading.model_budget import ModelUse, check_budget

router = APIRouter(responses=PROBLEM_RESPONSES, tags=["models"])
_DAYS = 30
_PAGE_OF_DOCUMENTS = 20
"""Rows of an export in memory at once: one may hold several raw answers of 64 KiB."""
_NO_NUL = "^[^\\x00]+$"


class ModelCallQuery(ListQuery):
    """Filters of model calls."""

    action: list[Literal["buy", "sell", "hold", "close"]] = Field(
        default=[], description="Only calls that led to such a decision (of `asset`, if given)."
    )
    outcome: list[Annotated[str, StringConstraints(pattern="^[a-z_]{1,40}$")]] = Field(
        default=[], max_length=20, description="accepted, why it was held, or an error's code."
    )
    purpose: list[Literal["decide", "correct", "preview", "replay"]] = Field(
        default=[], description="Only calls for this."
    )
    model: str | None = Field(
        None, max_length=200, pattern=_NO_NUL, description="Asked for, or named by the answer."
    )
    text: str | None = Field(
        None,
        max_length=400,
        pattern=_NO_NUL,
        description='Words of the reply: all of them; "a phrase", or, -not.',
    )

    @property
    def calls(self) -> CallFilters:
        return CallFilters(
            actions=tuple(self.action),
            outcomes=tuple(self.outcome),
            purposes=tuple(self.purpose),
            model=self.model,
            text=self.text,
        )


MODEL_CALLS = Listing(
    name="model-calls",
    shape=ModelCallShape,
    page=PageShape[ModelCallShape],
    max_age=ACCOUNT_SECONDS,
)
WHOLE_CALLS = Listing(
    name="model-calls",
    shape=ModelCallDocument,
    page=PageShape[ModelCallDocument],
    max_age=ACCOUNT_SECONDS,
    export_page=_PAGE_OF_DOCUMENTS,
)


@router.get("/model-calls", response_model=MODEL_CALLS.page)
async def get_model_calls(request: Request, query: Annotated[ModelCallQuery, Query()]) -> Response:
    """What models were asked and what came of it, newest first, without the documents."""

    async def load(conn: AsyncConnection, page: PageRequest) -> Page[ListedCall]:
        return await list_model_calls(conn, page, query.calls)

    return await MODEL_CALLS.answer(request, query, load)


@router.get(
    "/model-calls.jsonl",
    response_class=Response,
    responses={200: {"content": {"application/jsonl": {}}, "description": "One call a line."}},
)
async def export_model_calls(
    request: Request, query: Annotated[ModelCallQuery, Query()]
) -> Response:
    """The same calls whole, one a line; `format` means nothing here."""

    async def load(conn: AsyncConnection, page: PageRequest) -> Page[WholeCall]:
        return await list_whole_calls(conn, page, query.calls)

    lines = query.model_copy(update={"format": "jsonl"})
    return await WHOLE_CALLS.answer(request, lines, load)


@router.get("/model-calls/{call_id}", response_model=ModelCallDocument)
async def get_model_call(request: Request, call_id: UUID) -> Response:
    """One call whole: messages, answers as received, how they were read, decisions, outcomes."""
    async with reading(request) as conn:
        found = await load_model_call(conn, call_id)
    if found is None:
        raise Problem("model_call_unknown", f"There is no model call {call_id}.")
    return answer(request, ModelCallDocument.model_validate(found), max_age=TRADES_SECONDS)


@router.get("/accounts/{account_id}/model-usage", response_model=ModelUsageShape)
async def get_model_usage(request: Request, account_id: str) -> Response:
    """What the account's model has used today and in 30 days, against the budget of a day."""

    async def compute() -> ModelUsageShape:
        async with reading(request) as conn:
            await require_account(conn, account_id)
            return await load_usage(conn, account_id, datetime.now(UTC))

    body = await open_of(request).shared.get(f"model-usage {account_id}", compute)
    return answer(request, body, max_age=ACCOUNT_SECONDS)


async def load_usage(conn: AsyncConnection, account_id: str, real_now: datetime) -> ModelUsageShape:
    """The use up to that instant of real time."""
    today = real_now.date()
    tomorrow = today + timedelta(days=1)
    days = await load_model_days(
        conn, account_id, since=tomorrow - timedelta(days=_DAYS), until=tomorrow
    )
    now = add_days(tuple(each for each in days if each.used.day == today), today)
    model = await load_account_model(conn, account_id)
    return ModelUsageShape.model_validate(
        {
            "account_id": account_id,
            "model": model.model if model else None,
            "budget": model.agent.budget if model else None,
            "today": _day(now),
            **_against(model, now, await _expected(conn, account_id, model, real_now)),
            "last_30_days": _use(add_days(days, today)),
            "days": [_day(each) for each in days],
        }
    )


async def _expected(
    conn: AsyncConnection, account_id: str, model: AccountModel | None, real_now: datetime
) -> ModelUse:
    """What the next question will use: about as many tokens as the newest one."""
    has_limit = model is not None and model.agent.budget.tokens is not None
    told = await load_newest_question(conn, account_id) if has_limit else None
    return ModelUse(at=real_now, tokens=estimate_tokens(told or ""))


def _against(model: AccountModel | None, today: ModelDay, expected: ModelUse) -> dict[str, Any]:
    """Today's use as the budget counts it, and whether the next request would be refused."""
    if model is None:
        return {"counted_tokens": None, "counted_money": None, "exhausted": None}
    budget, used = model.agent.budget, today.used
    verdict = check_budget(budget, used, expected)
    return {
        "counted_tokens": used.counted_tokens(budget),
        "counted_money": used.counted_money(budget),
        "exhausted": None if verdict is None else verdict.sentence,
    }


def _use(each: ModelDay) -> dict[str, Any]:
    names = ("calls", "tokens", "money", "unknown_money", "unknown_tokens")
    return {"questions": each.questions, **{name: getattr(each.used, name) for name in names}}


def _day(each: ModelDay) -> dict[str, Any]:
    day: date = each.used.day
    return {"day": day, **_use(each)}
