"""Fills and income, complete: page after page until the venue has no more.

Fills are paged by their id, so that none is lost between two pages however many there are (reference:
costly bugs 30). Income has no such id: pages overlap in time and are joined by type and transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adapters.venues.aster import endpoints
from adapters.venues.aster.caller import Caller
from adapters.venues.aster.errors import Unusable
from adapters.venues.aster.payloads.account import IncomePayload
from adapters.venues.aster.payloads.orders import FillPayload
from adapters.venues.aster.payloads.payload import rows_of
from adapters.venues.aster.queries import query
from adapters.venues.aster.signing import Parameters
from trading.weights import Priority

_FILLS = rows_of(FillPayload)
_INCOME = rows_of(IncomePayload)
PAGE = 1000
SURELY_LAST = 100
"""A page shorter than the smallest documented default is the last one, even where the venue gives
fewer lines than it was asked for."""
_FULL_PAGES = (100, 500, PAGE)
"""What a page that was cut may hold, by documented limits and defaults; one that is cut at a single
instant cannot be continued."""
WINDOW_MS = 7 * 24 * 3600 * 1000 - 1
"""One query spans at most seven days."""


@dataclass(frozen=True, slots=True)
class LedgerCalls:
    """What has happened to the account's money."""

    caller: Caller

    async def fills_from(
        self, symbol: str, fill_id: int, priority: Priority = Priority.RECONCILE
    ) -> tuple[FillPayload, ...]:
        """All fills of a symbol with that id or a later one, oldest first."""
        found: dict[int, FillPayload] = {}
        start = fill_id
        while True:
            page = await self._fills(query(symbol=symbol, fromId=start, limit=PAGE), priority)
            new = {fill.id: fill for fill in page if fill.id >= start}
            found |= new
            if not new or len(page) < SURELY_LAST:
                return tuple(found[each] for each in sorted(found))
            start = max(new) + 1

    async def fills_since(
        self,
        symbol: str,
        start_ms: int,
        until_ms: int,
        priority: Priority = Priority.RECONCILE,
    ) -> tuple[FillPayload, ...]:
        """All fills of a symbol from an instant on, oldest first; for a start without a known id.

        The first one is looked for in windows of seven days up to `until_ms`; from there on by id.
        """
        for since, until in _windows(start_ms, until_ms):
            page = await self._fills(
                query(symbol=symbol, startTime=since, endTime=until, limit=PAGE), priority
            )
            if page:
                first = min(fill.id for fill in page)
                return await self.fills_from(symbol, first, priority)
        return ()

    async def fills_about(
        self, symbol: str, at_ms: int, priority: Priority = Priority.RECONCILE
    ) -> tuple[FillPayload, ...]:
        """The fills of a symbol within a second of an instant, as far as one page holds them."""
        around = query(symbol=symbol, startTime=at_ms - 1000, endTime=at_ms + 1000, limit=PAGE)
        return await self._fills(around, priority)

    async def income(
        self,
        start_ms: int,
        until_ms: int,
        *,
        income_type: str | None = None,
        priority: Priority = Priority.RECONCILE,
    ) -> tuple[IncomePayload, ...]:
        """All lines of the ledger from one instant to another, both included. Weight 30 a page."""
        found: dict[tuple[str, str, str, str], IncomePayload] = {}
        for since, until in _windows(start_ms, until_ms):
            start = since
            while True:
                page = await self._income(start, until, income_type, priority)
                before = len(found)
                found |= {_key(line): line for line in page}
                last = max((line.time for line in page), default=start)
                if len(page) in _FULL_PAGES and last == start:
                    await self._require_whole(len(page), start, income_type, priority)
                    break
                if len(found) == before or len(page) < SURELY_LAST:
                    break
                # That instant again: its lines may go on beyond the page.
                start = last
        return tuple(sorted(found.values(), key=lambda line: (line.time, line.tran_id)))

    async def _fills(self, parameters: Parameters, priority: Priority) -> tuple[FillPayload, ...]:
        return await self.caller.call(endpoints.USER_TRADES, parameters, _FILLS, priority=priority)

    async def _require_whole(
        self, lines: int, at_ms: int, income_type: str | None, priority: Priority
    ) -> None:
        """Raises `Unusable` where a page that holds one instant only may have been cut in it.

        Shorter than it was asked for, it was not, where the venue gives more to a wider question.
        """
        if lines < PAGE:
            wider = await self._income(max(0, at_ms - WINDOW_MS), at_ms, income_type, priority)
            if len(wider) > lines:
                return
        raise Unusable("GET income", f"{lines} lines or more at one instant, {at_ms}")

    async def _income(
        self, start_ms: int, end_ms: int, income_type: str | None, priority: Priority
    ) -> tuple[IncomePayload, ...]:
        return await self.caller.call(
            endpoints.INCOME,
            query(incomeType=income_type, startTime=start_ms, endTime=end_ms, limit=PAGE),
            _INCOME,
            priority=priority,
        )


def _windows(start_ms: int, until_ms: int) -> Iterator[tuple[int, int]]:
    since = start_ms
    while since <= until_ms:
        until = min(since + WINDOW_MS, until_ms)
        yield since, until
        since = until + 1


def _key(line: IncomePayload) -> tuple[str, str, str, str]:
    # A transaction id is unique within its type; symbol and asset cost nothing and hide nothing.
    return line.income_type, line.tran_id, line.symbol, line.asset
