"""What `perpflow decisions` asks the database: options become filters, rows become the API's documents.

The documents are those of `/api/v1/model-calls`, so a script reads the same from both.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.accounts import list_accounts
from adapters.store.documents import clean_or_none, clean_text
from adapters.store.engine import open_async_engine
from adapters.store.errors import UnknownAccount
from adapters.store.views.model_calls import (
    CallFilters,
    find_model_calls,
    list_model_calls,
    list_whole_calls,
    load_model_call,
)
from adapters.store.views.paging import Filters, PageRequest
from api.exact_json import render
from api.model_shapes import ModelCallDocument, ModelCallShape
from cli.arena_database import ArenaDatabase
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.terminal_text import inert_json, shown_on_one_line

_PAGE = 20
"""Whole calls in memory at once: one may hold several raw answers of 64 KiB."""
_MOST_NAMED = 5
_START_OF_ID = re.compile(r"[0-9a-f]{8,32}")
_DIGITS_OF_ID = 32

Answer = TypeVar("Answer")
Document = dict[str, Any]
Opened = AbstractContextManager[ArenaDatabase]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The filters of a command."""

    filters: Filters
    calls: CallFilters


def wanted(options: Mapping[str, Any]) -> Wanted:
    """The options of a command as filters. Raises `CommandFailed`."""
    asset: str | None = options["asset"]
    return Wanted(
        filters=Filters(
            account_id=options["account"],
            asset=asset.upper() if asset else None,
            since=_instant("--since", options["since"]),
            until=_instant("--until", options["until"]),
        ),
        calls=CallFilters(
            actions=tuple(options["action"]),
            outcomes=tuple(map(clean_text, options["outcome"])),
            purposes=tuple(options["purpose"]),
            model=clean_or_none(options["model"]),
            text=clean_or_none(options["text"]),
        ),
    )


def fetch_list(opened: Opened, asked: Wanted, limit: int) -> Document:
    """The newest calls without their documents."""

    async def load(conn: AsyncConnection) -> Document:
        await conn.run_sync(_require_account, asked.filters.account_id)
        request = PageRequest(filters=asked.filters, limit=limit)
        page = await list_model_calls(conn, request, asked.calls)
        items = [ModelCallShape.model_validate(each).model_dump() for each in page.items]
        return {"schema_version": 1, "items": items, "has_more": page.next is not None}

    return _ask(opened, load)


def fetch_call(opened: Opened, named: str) -> Document:
    """One call whole, by the start of its id or of that of a decision that came of it."""

    async def load(conn: AsyncConnection) -> Document:
        found = await load_model_call(conn, await _only_call(conn, named))
        if found is None:
            raise _no_call(named)
        return {"schema_version": 1, **ModelCallDocument.model_validate(found).model_dump()}

    return _ask(opened, load)


def export(opened: Opened, asked: Wanted, limit: int, write: Callable[[str], None]) -> None:
    """Whole calls, one JSON document a line, newest first."""

    async def load(conn: AsyncConnection) -> None:
        await conn.run_sync(_require_account, asked.filters.account_id)
        left, after = limit, None
        while left > 0:
            size = min(left, _PAGE)
            request = PageRequest(filters=asked.filters, limit=size, after=after)
            page = await list_whole_calls(conn, request, asked.calls)
            for each in page.items:
                write(as_json(ModelCallDocument.model_validate(each).model_dump()))
            await conn.rollback()  # a reader downstream may be slow; no transaction waits for it
            left, after = left - len(page.items), page.next
            if after is None:
                return

    _ask(opened, load)


def as_json(document: Document) -> str:
    """With exact numbers, and nothing in it that a terminal would act on."""
    return inert_json(render(document).decode())


def _ask(opened: Opened, question: Callable[[AsyncConnection], Awaitable[Answer]]) -> Answer:
    async def answer(url: str) -> Answer:
        engine = open_async_engine(url, application="perpflow-decisions", pool_size=1)
        try:
            async with engine.connect() as conn:
                return await question(conn)
        finally:
            await engine.dispose()

    with opened as database:
        return asyncio.run(answer(database.url))


def _require_account(conn: Connection, account_id: str | None) -> None:
    """A removed account still has its past."""
    known = [
        each.account.id for gone in (False, True) for each in list_accounts(conn, removed=gone)
    ]
    if account_id is not None and account_id not in known:
        raise UnknownAccount(shown_on_one_line(account_id), tuple(known))


async def _only_call(conn: AsyncConnection, named: str) -> UUID:
    start = named.replace("-", "").lower()
    if _START_OF_ID.fullmatch(start) is None:
        raise _no_call(named)
    first, last = (UUID(start.ljust(_DIGITS_OF_ID, digit)) for digit in "0f")
    found = await find_model_calls(conn, first, last, limit=_MOST_NAMED)
    if not found:
        raise _no_call(named)
    if len(found) > 1:
        raise CommandFailed(ExitCode.WRONG_USAGE, _several(named, found))
    return found[0]


def _no_call(named: str) -> CommandFailed:
    return CommandFailed(
        ExitCode.WRONG_USAGE,
        f"no model call, and no decision of a model, has an id that begins with"
        f" {shown_on_one_line(named)!r} (at least eight digits); perpflow decisions list shows them",
    )


def _several(named: str, found: Sequence[UUID]) -> str:
    ids = ", ".join(map(str, found))
    return f"{named} is the start of more than one id; name one of {ids} in full"


def _instant(option: str, text: str | None) -> datetime | None:
    """RFC 3339, or a date; without an offset it is UTC, as market times are."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CommandFailed(
            ExitCode.WRONG_USAGE,
            f"{option} is {shown_on_one_line(text)!r}; write a market time as 2026-11-20 or"
            " 2026-11-20T09:00:00Z",
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
