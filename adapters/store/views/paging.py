"""Filters and keyset pages: newest first by (instant, key), never by OFFSET.

A cursor names the last row that was shown, so a page stays right while new rows arrive on top.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Row, Select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

Item = TypeVar("Item")


class BadCursor(ValueError):
    """The cursor was not made by this list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The last row of a page."""

    at: datetime
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a list is narrowed to. `None` means: not narrowed."""

    account_id: str | None = None
    asset: str | None = None
    """Base asset, upper case."""
    since: datetime | None = None
    """Inclusive, market time."""
    until: datetime | None = None
    """Exclusive, market time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Filters, size and starting point of one page."""

    filters: Filters
    limit: int
    after: Cursor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """One page, newest first; `next` is None on the last one."""

    items: tuple[Item, ...]
    next: Cursor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyset:
    """The columns a list is ordered and narrowed by, and how its cursors are made and read."""

    account_id: ColumnElement[str]
    at: ColumnElement[Any]
    key: ColumnElement[Any]
    parse_key: Callable[[str], Any]
    cursor_of: Callable[[Row[Any]], Cursor]

    async def load_page(
        self,
        conn: AsyncConnection,
        query: Select[Any],
        request: PageRequest,
        build: Callable[[Row[Any]], Item],
    ) -> Page[Item]:
        """One page of the query's rows as records.

        The query is narrowed here by account, time and cursor; by asset it comes narrowed, since
        some tables hold the asset and others its symbols.

        Raises
        ------
        BadCursor
            The key of the cursor has another form than this list's.
        """
        rows = (await conn.execute(self._narrow(query, request))).all()
        shown = rows[: request.limit]
        more = len(rows) > request.limit
        return Page(
            items=tuple(build(row) for row in shown),
            next=self.cursor_of(shown[-1]) if more else None,
        )

    def _narrow(self, query: Select[Any], request: PageRequest) -> Select[Any]:
        """The query for one page and one row more, which tells whether there is a next page."""
        if request.filters.account_id is not None:
            query = query.where(self.account_id == request.filters.account_id)
        if request.filters.since is not None:
            query = query.where(self.at >= request.filters.since)
        if request.filters.until is not None:
            query = query.where(self.at < request.filters.until)
        if request.after is not None:
            query = query.where(tuple_(self.at, self.key) < tuple_(*self._after(request.after)))
        return query.order_by(self.at.desc(), self.key.desc()).limit(request.limit + 1)

    def _after(self, cursor: Cursor) -> tuple[Any, Any]:
        try:
            return cursor.at, self.parse_key(cursor.key)
        except ValueError as error:
            raise BadCursor("the cursor belongs to another list") from error
