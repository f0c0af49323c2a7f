"""The account as the venue has it, in as little weight as that takes.

Money and positions are one call each (5); open orders are listed by symbol (1 each) for the symbols
that concern this account, or all at once (40) where that is cheaper or wanted. A reading serves for
`REMEMBERED_SECONDS` unless something was sent in between: the steps of a cycle that follow each
other look at one and the same account. What protection is read back from is never remembered.

Where something is open, or was sent, what is read decides about a way out: it has all of the request
budget, like the way out itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.mapping.account import balance_of, position_of, require_one_way
from adapters.venues.aster.mapping.orders import order_of
from adapters.venues.aster.payloads.account import PositionPayload
from adapters.venues.aster.payloads.orders import OrderPayload
from adapters.venues.aster.verdicts import listed, understood
from trading.errors import WeightRefused
from trading.orders import Order
from trading.ports import Balance, Holding, VenueAccount, VenuePosition
from trading.weights import Priority

Value = TypeVar("Value")

REMEMBERED_SECONDS = 2.0
WHOLE_LIST_WEIGHT = 40
"""Of the list of open orders of all symbols; that of one symbol weighs 1."""
_AT_A_TIME = 5
"""Listings on the way at once: few enough for the connections that are open anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingTerms:
    """What the caller knows that the venue does not say."""

    symbols: frozenset[str]
    """Symbols whose open orders are always listed."""
    opened_at: Callable[[str], datetime | None]
    """When the open trade of a symbol began; None where there is none."""
    sweeps_everything: bool
    """List the open orders of all symbols the first time."""
    quote: str
    """Asset in which the account is kept."""
    is_at_stake: bool = False
    """Something of the account is open."""
    monotonic: Callable[[], float] = time.monotonic


class AccountReader:
    """Reads one account; knows what it read last, and the settings of each symbol."""

    def __init__(self, client: AsterClient, terms: ReadingTerms) -> None:
        self._client = client
        self._terms = terms
        self._symbols = set(terms.symbols)
        self._must_sweep = terms.sweeps_everything
        self._is_at_stake = terms.is_at_stake
        self._memory: tuple[float, VenueAccount] | None = None
        self._writes = 0
        self._settings: dict[str, PositionPayload] = {}

    @property
    def priority(self) -> Priority:
        """Of whatever is read about the account as a whole."""
        return Priority.EXIT if self._is_at_stake else Priority.RECONCILE

    @contextmanager
    def writing(self, symbol: str) -> Generator[None]:
        """Around everything that changes something at the venue: what was read before is forgotten."""
        self._symbols.add(symbol)
        self._is_at_stake = True
        self._forget()
        try:
            yield
        finally:
            self._forget()

    def setting(self, symbol: str) -> PositionPayload | None:
        """Leverage and margin mode of a symbol as read last; None before the first reading."""
        return self._settings.get(symbol)

    def forget_setting(self, symbol: str) -> None:
        """It was changed, or may have been."""
        self._settings.pop(symbol, None)

    async def account(self) -> VenueAccount:
        """Everything: of the last two seconds where nothing was sent since, or read now."""
        remembered = self.remembered()
        if remembered is not None:
            return remembered
        writes = self._writes
        balance = await self._balance()
        positions = await self._positions_now()
        read = VenueAccount(
            balance=balance,
            positions=positions,
            open_orders=await self._open_orders(held.position.symbol for held in positions),
        )
        # What was sent while this was read may or may not be in it.
        if writes == self._writes:
            self._memory = (self._terms.monotonic(), read)
        return read

    async def balance(self) -> Balance:
        remembered = self.remembered()
        return await self._balance() if remembered is None else remembered.balance

    async def positions(self) -> tuple[VenuePosition, ...]:
        remembered = self.remembered()
        if remembered is not None:
            return remembered.positions
        return await self._positions_now()

    async def open_orders(self) -> tuple[Order, ...]:
        remembered = self.remembered()
        return await self._open_orders(()) if remembered is None else remembered.open_orders

    async def open_orders_of(self, symbol: str) -> tuple[Order, ...]:
        """Of one symbol, from the last reading where that still serves."""
        remembered = self.remembered()
        if remembered is not None and symbol in self._symbols:
            return tuple(each for each in remembered.open_orders if each.symbol == symbol)
        self._symbols.add(symbol)
        return _mapped(await self._page(symbol, self.priority))

    async def holding(self, symbol: str) -> Holding:
        """One symbol as it is now, never from memory; always for a way out. Weight 6."""
        self._symbols.add(symbol)
        urgent = Priority.EXIT
        # The position first: a stop that acts in between is missed, never one that is gone counted.
        positions = self._positions(await listed(self._client.account.positions(symbol, urgent)))
        orders = _mapped(await self._page(symbol, urgent))
        return Holding(position=positions[0] if positions else None, open_orders=orders)

    def remembered(self) -> VenueAccount | None:
        """The last reading, while it may serve."""
        if self._memory is None:
            return None
        read_at, account = self._memory
        is_fresh = self._terms.monotonic() - read_at <= REMEMBERED_SECONDS
        return account if is_fresh else None

    def _forget(self) -> None:
        self._memory = None
        self._writes += 1

    async def _balance(self) -> Balance:
        payload = await self._client.account.account(self.priority)
        with understood("GET account"):
            return balance_of(payload, self._terms.quote)

    async def _positions_now(self) -> tuple[VenuePosition, ...]:
        return self._positions(await self._client.account.positions(priority=self.priority))

    def _positions(self, rows: Sequence[PositionPayload]) -> tuple[VenuePosition, ...]:
        require_one_way(rows)
        self._settings |= {row.symbol: row for row in rows}
        held = (position_of(row, self._terms.opened_at) for row in rows)
        return tuple(
            sorted((each for each in held if each is not None), key=lambda p: p.position.symbol)
        )

    async def _open_orders(self, held: Iterable[str]) -> tuple[Order, ...]:
        symbols = sorted({*self._symbols, *held})
        found = await self._whole_list() if self._must_sweep else None
        if found is None and len(symbols) >= WHOLE_LIST_WEIGHT:
            found = await self._client.orders.open_orders(priority=self.priority)
        if found is None:
            pages = await _few_at_a_time(
                [partial(self._page, symbol, self.priority) for symbol in symbols]
            )
            found = tuple(each for page in pages for each in page)
        self._symbols |= {*symbols, *(each.symbol for each in found)}
        return _mapped(found)

    async def _whole_list(self) -> tuple[OrderPayload, ...] | None:
        """The sweep that is due; None where there is no room for it now. Ways out keep their part."""
        try:
            found = await self._client.orders.open_orders(priority=Priority.RECONCILE)
        except WeightRefused:
            return None
        self._must_sweep = False
        return found

    async def _page(self, symbol: str, priority: Priority) -> tuple[OrderPayload, ...]:
        return await listed(self._client.orders.open_orders(symbol, priority))


def _mapped(found: Iterable[OrderPayload]) -> tuple[Order, ...]:
    """In order of arrival: the venue's numbers ascend."""
    with understood("GET openOrders"):
        return tuple(
            order_of(each, is_listed=True)
            for each in sorted(found, key=lambda each: (each.time or 0, each.order_id))
        )


async def _few_at_a_time(calls: Sequence[Callable[[], Awaitable[Value]]]) -> list[Value]:
    """The values of all calls; when one fails the others of its batch still end before it is raised."""
    values: list[Value] = []
    for start in range(0, len(calls), _AT_A_TIME):
        batch = [call() for call in calls[start : start + _AT_A_TIME]]
        for outcome in await asyncio.gather(*batch, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
            values.append(outcome)
    return values
