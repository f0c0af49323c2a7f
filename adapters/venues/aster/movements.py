"""What moved an account's money and positions and is not in our record yet, in as little weight as
that takes: fills 5 a symbol, the ledger 30.

Fills are asked for only where something can have happened. Then the sum is checked: what the record
has, with the new fills, must be the wallet that the venue reports. Where it is not, the ledger is
read: it holds what is no fill, and it names every symbol whose fills are missing. Fills are paged by
number from the last one that was booked, so that none is left out however many there are. Where
even then the sum is not the wallet, the caller asks again with `has_gap`: a fill may have been listed
after a later one, so all of the last day is read, and what is booked already is booked once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.mapping.instants import ms_of
from adapters.venues.aster.mapping.ledger import (
    LIQUIDATION_FEE,
    fill_of,
    income_of,
    is_fee_of,
    is_trade_line,
    trade_number,
    with_signs,
)
from adapters.venues.aster.order_names import OrderNames
from adapters.venues.aster.payloads.account import IncomePayload
from adapters.venues.aster.payloads.orders import FillPayload
from adapters.venues.aster.verdicts import listed, understood
from trading.orders import CLIENT_ID_PREFIX, Fill, Order
from trading.ports import Booked, Income, Movements, VenueAccount
from trading.units import ZERO
from trading.weights import Priority

OVERLAP = timedelta(minutes=10)
"""Lines may appear late; those that come twice are booked once, by their ids."""
_DAY_MS = 24 * 3600 * 1000
_WEEK_MS = 7 * _DAY_MS
_MARGIN_MS = 1000
"""Our idea of the venue's time may be a little behind."""

Fills = dict[tuple[str, int], Fill]
"""By symbol and the venue's number."""


class MovementReader:
    """Reads the ledger of one account; remembers the names of orders that are not ours."""

    def __init__(self, client: AsterClient, quote: str, priority: Callable[[], Priority]) -> None:
        """`priority` is that of the account's readings now."""
        self._client = client
        self._quote = quote
        self._priority = priority
        self._names = OrderNames(client, priority)

    async def movements_since(self, booked: Booked, seen: VenueAccount) -> Movements:
        """Oldest first over all symbols; the same for the same record.

        Raises
        ------
        VenueError
            Something could not be read: then nothing is known to be complete.
        """
        until = await self._client.now_ms(self._priority()) + _MARGIN_MS
        since = _first_ms(booked, until)
        if booked.has_gap:
            return await self._last_day(booked, max(since, until - _DAY_MS), until)
        fills: Fills = {}
        for symbol in sorted(moved_symbols(booked, seen)):
            fills |= await self._new_fills(symbol, booked, max(since, until - _WEEK_MS), until)
        if _is_explained(booked, seen, fills.values()):
            return _ordered(fills, ())
        lines = await self._income(_income_from(booked, since), until)
        for symbol, first in sorted(_missing(lines, booked, fills).items()):
            fills |= await self._new_fills(symbol, booked, max(first, since), until)
        return _ordered(with_signs(fills, lines), await self._income_of(lines))

    async def _last_day(self, booked: Booked, since: int, until: int) -> Movements:
        """Everything of the last day, booked or not: what was listed late is among it.

        It is nothing that a way out waits for, and leaves those their part of the budget.
        """
        patient, ledger = Priority.RECONCILE, self._client.ledger
        lines = await ledger.income(since, until, priority=patient)
        fills: Fills = {}
        for symbol, first in sorted(_first_trades(lines).items()):
            found = await listed(ledger.fills_since(symbol, first, until, patient))
            fills |= await self._read(symbol, booked, found)
        return _ordered(with_signs(fills, lines), await self._income_of(lines))

    async def _income(self, since: int, until: int) -> tuple[IncomePayload, ...]:
        return await self._client.ledger.income(since, until, priority=self._priority())

    async def _fills(self, symbol: str, since: int, until: int) -> tuple[FillPayload, ...]:
        calls = self._client.ledger
        return await listed(calls.fills_since(symbol, since, until, self._priority()))

    async def _income_of(self, lines: Iterable[IncomePayload]) -> list[Income]:
        return [
            income_of(line)
            for line in lines
            if not is_trade_line(line)
            and line.asset == self._quote
            and not await self._is_told_by_a_fill(line)
        ]

    async def _new_fills(self, symbol: str, booked: Booked, since: int, until: int) -> Fills:
        """Fills after the last one that is booked; of a symbol without any, those from `since` on."""
        last = _last_number(booked, symbol)
        if last is not None:
            found = await listed(self._client.ledger.fills_from(symbol, last + 1, self._priority()))
        else:
            found = await self._fills(symbol, since, until)
        return await self._read(symbol, booked, found)

    async def _read(self, symbol: str, booked: Booked, found: Iterable[FillPayload]) -> Fills:
        """The account's own of some fills, in our words."""
        own = [each for each in found if booked.since is None or each.time >= ms_of(booked.since)]
        numbers = {each.order_id for each in own}
        names = await self._names.of(symbol, numbers, booked.orders)
        with understood("GET userTrades"):
            return {
                (symbol, each.id): fill_of(
                    each, client_order_id=names[each.order_id], quote=self._quote
                )
                for each in own
            }

    async def _is_told_by_a_fill(self, line: IncomePayload) -> bool:
        """A liquidation's fee may be the fee of its fill, or a payment of its own; the fill tells."""
        if line.income_type != LIQUIDATION_FEE or not line.symbol:
            return False
        fills = await listed(
            self._client.ledger.fills_about(line.symbol, line.time, self._priority())
        )
        return any(is_fee_of(line, fill) for fill in fills)


def moved_symbols(booked: Booked, seen: VenueAccount) -> set[str]:
    """Symbols in which something was filled, or may have been, since our record.

    Either the quantity is another one, or an order of ours has no booked end and does not simply rest:
    a stop that has waited for days, under a position that has not changed, says that nothing happened.
    """
    held = {each.position.symbol: each.position.quantity for each in seen.positions}
    moved = {
        symbol
        for symbol in held.keys() | booked.quantities.keys()
        if held.get(symbol, ZERO) != booked.quantities.get(symbol, ZERO)
    }
    # A stop that is filled in part rests on; as long as no money has moved, that part is booked.
    is_quiet = _is_explained(booked, seen, ())
    resting: dict[str, list[Order]] = {}
    for order in _ours(booked, seen):
        resting.setdefault(order.symbol, []).append(order)
    only_rests = {
        symbol
        for symbol, orders in resting.items()
        if is_quiet or all(order.filled_quantity == ZERO for order in orders)
    }
    return moved | (booked.unsettled - only_rests)


def _ours(booked: Booked, seen: VenueAccount) -> Iterable[Order]:
    known = frozenset(booked.orders.values())
    for order in seen.open_orders:
        name = order.request.client_order_id
        if name in known or name.startswith(CLIENT_ID_PREFIX):
            yield order


def _is_explained(booked: Booked, seen: VenueAccount, fills: Iterable[Fill]) -> bool:
    """Whether our record and the new fills make the wallet; not where it has no opening balance."""
    return booked.wallet is not None and booked.gap(seen, fills) == ZERO


def _missing(lines: Iterable[IncomePayload], booked: Booked, fills: Fills) -> dict[str, int]:
    """Symbols whose fills the ledger has and we have not, and when the first of these was (ms)."""
    first: dict[str, int] = {}
    read = {symbol for symbol, _ in fills}
    for line in lines:
        number, symbol = trade_number(line), line.symbol
        if not symbol or not _is_of_trade(line):
            continue
        if number is None:
            is_known = symbol in read
        else:
            is_known = (symbol, number) in fills or number <= (_last_number(booked, symbol) or -1)
        if not is_known:
            first[symbol] = min(line.time, first.get(symbol, line.time))
    return first


def _first_trades(lines: Iterable[IncomePayload]) -> dict[str, int]:
    """When the first trade of each symbol that has any was (ms)."""
    first: dict[str, int] = {}
    for line in lines:
        if line.symbol and _is_of_trade(line):
            first[line.symbol] = min(line.time, first.get(line.symbol, line.time))
    return first


def _is_of_trade(line: IncomePayload) -> bool:
    return is_trade_line(line) or trade_number(line) is not None


def _last_number(booked: Booked, symbol: str) -> int | None:
    """Number of the fill of a symbol that was booked last."""
    text = booked.trade_ids.get(symbol, "")
    return int(text) if text.isascii() and text.isdigit() else None


def _first_ms(booked: Booked, until: int) -> int:
    """Where the record begins; without a beginning, seven days ago: all that one query shows."""
    if booked.since is not None:
        return ms_of(booked.since)
    return until - _WEEK_MS


def _income_from(booked: Booked, since: int) -> int:
    if booked.income_at is None:
        return since
    return max(since, ms_of(booked.income_at - OVERLAP))


def _ordered(fills: Fills, income: Iterable[Income]) -> Movements:
    return Movements(
        fills=tuple(sorted(fills.values(), key=lambda fill: (fill.filled_at, int(fill.trade_id)))),
        income=tuple(sorted(income, key=lambda line: (line.at, line.tran_id))),
    )
