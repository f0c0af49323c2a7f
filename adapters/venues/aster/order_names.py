"""The client id of the order behind a fill: it tells our orders, and the venue's own, from others.

The venue forgets some of its own orders at once. What it no longer knows by its number is looked for
among liquidations and auto-deleveraging: one of these must not pass for somebody's trade by hand
(costly bugs, row 17).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.codes import Action
from adapters.venues.aster.errors import Refused
from adapters.venues.aster.verdicts import listed
from trading.errors import VenueUnavailable
from trading.weights import Priority

_MANY = 5
"""Unknown orders of a symbol: from here on their list (5) is not dearer than asking for each (1)."""


class OrderNames:
    """Asks for each order once; the names of our own are known to the caller."""

    def __init__(self, client: AsterClient, priority: Callable[[], Priority]) -> None:
        """`priority` is that of the account's readings now."""
        self._client = client
        self._priority = priority
        self._names: dict[tuple[str, int], str] = {}

    async def of(
        self, symbol: str, numbers: Collection[int], known: Mapping[str, str]
    ) -> dict[int, str]:
        """Client ids by the venue's number; `known` are those of our record, by the number's text.

        Weight 1 for each that is not known, and 20 where the venue knows it no longer.
        """
        unknown = sorted(
            number
            for number in numbers
            if str(number) not in known and (symbol, number) not in self._names
        )
        if len(unknown) > _MANY:
            await self._read_page(symbol, unknown[0])
        gone = [
            number
            for number in unknown
            if (symbol, number) not in self._names and not await self._ask(symbol, number)
        ]
        if gone:
            await self._look_among_forced(symbol, gone)
        return {number: known.get(str(number)) or self._names[symbol, number] for number in numbers}

    async def _read_page(self, symbol: str, first: int) -> None:
        page = await self._client.orders.all_orders(
            symbol, from_order_id=first, priority=self._priority()
        )
        self._names |= {(symbol, each.order_id): each.client_order_id for each in page}

    async def _ask(self, symbol: str, number: int) -> bool:
        """Whether the venue knows the order still. Raises `VenueError` where it does not say."""
        try:
            found = await self._client.orders.by_order_id(symbol, number, self._priority())
        except Refused as refused:
            if refused.action is not Action.GONE:
                raise
            return False
        except VenueUnavailable:
            # Their list may answer where the one does not: without a name no fill can be booked, and
            # without its fills the account is not known.
            await self._read_page(symbol, number)
            if (symbol, number) not in self._names:
                raise
            return True
        self._names[symbol, number] = found.client_order_id
        return True

    async def _look_among_forced(self, symbol: str, gone: Collection[int]) -> None:
        calls = self._client.account
        forced = {
            each.order_id: each.client_order_id
            for each in await listed(calls.force_orders(symbol, priority=self._priority()))
        }
        self._names |= {
            (symbol, number): forced.get(number, f"unknown-{number}") for number in gone
        }
