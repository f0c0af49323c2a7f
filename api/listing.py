"""What all lists share: filters, limit, opaque cursor, and the page as JSON, CSV or JSON lines."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.views.accounts import account_exists
from adapters.store.views.paging import Cursor, Filters, Page, PageRequest
from api.answers import answer
from api.exact_json import time_text
from api.export import csv_lines, json_lines
from api.problem_details import Problem, invalid_parameter, unknown_account
from api.store_access import open_of, reading
from trading.account import ACCOUNT_ID

DEFAULT_LIMIT = 100
EXPORT_LIMIT = 100_000
_EXPORT_PAGE = 1_000
_CURSOR_KEY = re.compile(r"[\x21-\x7e]{1,400}")

Shape = TypeVar("Shape", bound=BaseModel)
AsLine = Callable[[dict[str, Any]], dict[str, Any]]
"""How a row looks as a line of a JSONL file."""
Load = Callable[[AsyncConnection, PageRequest], Awaitable[Page[Any]]]


class ListQuery(BaseModel):
    """Query parameters of every list."""

    model_config = ConfigDict(extra="ignore")

    account_id: str | None = Field(None, max_length=200, description="Only this account.")
    asset: str | None = Field(
        None, pattern="^[A-Za-z0-9]{1,20}$", description="Only this base asset, e.g. BTC."
    )
    since: AwareDatetime | None = Field(None, description="From this market time on (RFC 3339).")
    until: AwareDatetime | None = Field(None, description="Before this market time (RFC 3339).")
    limit: int | None = Field(
        None,
        ge=1,
        le=1_000,
        description="Rows, 100 when not given; a csv or jsonl download without it holds all"
        " matching rows, at most 100,000.",
    )
    cursor: str | None = Field(None, max_length=1_000, description="`next_cursor` of a page.")
    format: Literal["json", "csv", "jsonl"] = "json"
    download: bool = Field(
        default=False, description="Ask the browser to save the answer as a file."
    )

    @property
    def filters(self) -> Filters:
        return Filters(
            account_id=self.account_id,
            asset=self.asset.upper() if self.asset else None,
            since=self.since,
            until=self.until,
        )


ListParameters = Annotated[ListQuery, Query()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One list: its name in files, how a row looks, and its cache time in seconds."""

    name: str
    shape: type[BaseModel]
    page: type[BaseModel]
    max_age: int
    export_page: int = _EXPORT_PAGE
    """Rows that an export holds in memory at once; less for long ones."""

    async def answer(
        self, request: Request, query: ListQuery, load: Load, *, as_line: AsLine = dict
    ) -> Response:
        """One page, or the rows as a stream; a filter on an unknown account is a 404."""
        first = PageRequest(
            filters=query.filters, limit=query.limit or DEFAULT_LIMIT, after=_cursor_of(query)
        )
        if query.format != "json":
            async with reading(request) as conn:
                await require_account(conn, query.account_id)
            return self._export(query, self._rows(request, query, load, first), as_line)

        async def compute() -> BaseModel:
            async with reading(request) as conn:
                await require_account(conn, query.account_id)
                return self._document(await load(conn, first))

        question = f"{self.name} {query.model_dump_json(exclude={'download'})}"
        body = await open_of(request).shared.get(question, compute)
        response = answer(request, body, max_age=self.max_age)
        if query.download:
            response.headers["Content-Disposition"] = f'attachment; filename="{self.name}.json"'
        return response

    def _document(self, page: Page[Any]) -> BaseModel:
        return self.page(
            items=[self.shape.model_validate(item) for item in page.items],
            next_cursor=_cursor_text(page.next),
            has_more=page.next is not None,
        )

    def _export(
        self, query: ListQuery, rows: AsyncIterator[dict[str, Any]], as_line: AsLine
    ) -> Response:
        if query.format == "csv":
            lines, media_type = csv_lines(rows, list(self.shape.model_fields)), "text/csv"
        else:
            lines, media_type = json_lines(rows, as_line), "application/jsonl"
        headers = {"Cache-Control": "no-store"}
        if query.download:
            file_name = f"{self.name}.{query.format}"
            headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
        return StreamingResponse(lines, headers=headers, media_type=f"{media_type}; charset=utf-8")

    async def _rows(
        self, request: Request, query: ListQuery, load: Load, first: PageRequest
    ) -> AsyncIterator[dict[str, Any]]:
        """Rows of all pages; each page has its own short connection."""
        after, limit = first.after, query.limit or EXPORT_LIMIT
        while limit > 0:
            size = min(limit, self.export_page)
            async with reading(request) as conn:
                page = await load(conn, PageRequest(filters=first.filters, limit=size, after=after))
            for item in page.items:
                yield self.shape.model_validate(item).model_dump()
            limit -= len(page.items)
            after = page.next
            if after is None:
                return


async def require_account(conn: AsyncConnection, account_id: str | None) -> None:
    """Raise the 404 problem for an account that is not there."""
    if account_id is None:
        return
    if ACCOUNT_ID.fullmatch(account_id) is None or not await account_exists(conn, account_id):
        raise unknown_account(account_id)


def _cursor_text(cursor: Cursor | None) -> str | None:
    if cursor is None:
        return None
    return base64.urlsafe_b64encode(f"{time_text(cursor.at)}|{cursor.key}".encode()).decode()


def _cursor_of(query: ListQuery) -> Cursor | None:
    if query.cursor is None:
        return None
    try:
        text = base64.b64decode(query.cursor, altchars=b"-_", validate=True).decode("ascii")
        at_text, _, key = text.partition("|")
        at = datetime.fromisoformat(at_text)
    except (binascii.Error, ValueError):
        raise _bad_cursor() from None
    if at.tzinfo is None or _CURSOR_KEY.fullmatch(key) is None:
        raise _bad_cursor()
    return Cursor(at=at, key=key)


def _bad_cursor() -> Problem:
    return invalid_parameter("query/cursor", "is not a cursor of this list")
