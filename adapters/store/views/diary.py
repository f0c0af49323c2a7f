"""The diary: the append-only story of decisions, orders, exits and corrections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.tables import diary
from adapters.store.views.paging import Cursor, Keyset, Page, PageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryView:
    """One line. `entry` is as written, numbers in it are decimal text."""

    id: int
    at: datetime
    account_id: str
    kind: str
    asset: str | None
    cycle_id: UUID | None
    decision_id: UUID | None
    entry: dict[str, Any]


_COLUMNS = [diary.c[name] for name in DiaryView.__dataclass_fields__]
_LARGEST_ID = 2**63


def _parse_id(text: str) -> int:
    number = int(text)
    if not 0 < number < _LARGEST_ID:
        raise ValueError("no such diary line")
    return number


def _cursor(row: Row[Any]) -> Cursor:
    return Cursor(at=row.at, key=str(row.id))


_KEYSET = Keyset(
    account_id=diary.c.account_id,
    at=diary.c.at,
    key=diary.c.id,
    parse_key=_parse_id,
    cursor_of=_cursor,
)


async def list_diary(
    conn: AsyncConnection, request: PageRequest, *, kinds: tuple[str, ...] = ()
) -> Page[DiaryView]:
    """Diary lines, newest first; `kinds` narrows to some kinds of lines."""
    query = select(*_COLUMNS)
    if request.filters.asset is not None:
        query = query.where(diary.c.asset == request.filters.asset)
    if kinds:
        query = query.where(diary.c.kind.in_(kinds))
    return await _KEYSET.load_page(conn, query, request, _line)


def _line(row: Row[Any]) -> DiaryView:
    return DiaryView(**row._mapping)
