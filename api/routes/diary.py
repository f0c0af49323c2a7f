"""The diary: the append-only story of decisions, orders, exits and corrections.

As JSON a list like all others; as `format=jsonl` one document per line in the form of seed 002
section 5.2, with exact numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.views.diary import DiaryView, list_diary
from adapters.store.views.paging import Page, PageRequest
from api.answers import ACCOUNT_SECONDS
from api.listing import Listing, ListQuery
from api.problem_details import PROBLEM_RESPONSES
from api.shapes import PageShape, Shape

router = APIRouter(responses=PROBLEM_RESPONSES)

NUMBERS = frozenset(
    {
        "allocation_usd",
        "amount",
        "confidence",
        "entry_price",
        "fee",
        "fill_price",
        "ours",
        "price",
        "quantity",
        "realized_pnl",
        "sl_price",
        "stop_price",
        "tp_price",
        "venue",
    }
)
"""Fields whose decimal text becomes a number again; all other text stays text."""


def with_numbers(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with the decimal text of its number fields as exact numbers."""
    return {name: _number(value) if name in NUMBERS else value for name, value in entry.items()}


def _number(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return Decimal(value)
    except InvalidOperation:
        return value


class DiaryShape(Shape):
    """One line of the diary."""

    id: int
    timestamp: datetime = Field(validation_alias="at")
    account_id: str
    kind: str = Field(description="decision, order, fill, exit, reconcile, market, alarm, ...")
    asset: str | None
    cycle_id: UUID | None
    decision_id: UUID | None
    entry: Annotated[dict[str, Any], AfterValidator(with_numbers)] = Field(
        description="What happened; fields depend on the kind."
    )


class DiaryQuery(ListQuery):
    """Filters of the diary."""

    kind: list[Annotated[str, StringConstraints(pattern="^[a-z_]{1,40}$")]] = Field(
        default=[], max_length=20, description="Only these kinds of lines."
    )


DIARY = Listing(name="diary", shape=DiaryShape, page=PageShape[DiaryShape], max_age=ACCOUNT_SECONDS)


def as_seed_line(row: Mapping[str, Any]) -> dict[str, Any]:
    """A line of seed 002 section 5.2: the entry's fields at the top, with whose and what kind."""
    return {
        "timestamp": row["timestamp"],
        "account_id": row["account_id"],
        "kind": row["kind"],
        "asset": row["asset"],
        **{name: value for name, value in row["entry"].items() if name not in _OWN},
    }


_OWN = frozenset({"account_id", "kind", "asset"})


@router.get("/diary", tags=["diary"], response_model=DIARY.page)
async def get_diary(request: Request, query: Annotated[DiaryQuery, Query()]) -> Response:
    """The story of each account, newest first; `format=jsonl&download=1` for a file."""

    async def load(conn: AsyncConnection, page: PageRequest) -> Page[DiaryView]:
        return await list_diary(conn, page, kinds=tuple(query.kind))

    return await DIARY.answer(request, query, load, as_line=as_seed_line)
