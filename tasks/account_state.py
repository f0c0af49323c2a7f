"""Make our record of an account equal to the venue's, before and after a cycle trades.

The venue wins; a failed query is an error, never "flat"; fills are booked once by the venue's
trade id; every difference becomes an event. A position that our own order has made is ours even
while its fills are not listed yet; what nobody of us has made is foreign (`tasks.ownership`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from prefect import task
from sqlalchemy import Connection

from adapters.store.booked import load_booked
from adapters.store.fills import book_fills
from adapters.store.income import book_income
from adapters.store.intents import StoredIntent, load_unsettled, move_intent
from adapters.store.orders import upsert_orders
from adapters.store.positions import replace_positions
from adapters.store.trades import book_funding_on_trades
from tasks.cycle import Cycle
from tasks.options import READ
from tasks.ownership import Ownership, settle_ownership
from tasks.resources import store_engine
from tasks.reviewing import review_fills
from tasks.run_log import run_log
from tasks.story import tell_fill, tell_order
from tasks.venues import venue_of
from trading.errors import VenueError
from trading.orders import IntentState, Order, OrderStatus
from trading.ports import Balance, Booked, Movements, Venue, VenueAccount, VenuePosition
from trading.units import ZERO, plain

READINGS = 3
"""Of an account whose lists lag behind the answers to its orders, before that is left as it is."""
REREAD_SECONDS = 2.5
_STATE_OF_STATUS = {
    OrderStatus.PENDING: IntentState.OPEN,
    OrderStatus.NEW: IntentState.OPEN,
    OrderStatus.PARTIALLY_FILLED: IntentState.OPEN,
    OrderStatus.FILLED: IntentState.FILLED,
    OrderStatus.CANCELED: IntentState.CLOSED,
    OrderStatus.EXPIRED: IntentState.CLOSED,
    OrderStatus.REJECTED: IntentState.REFUSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """The account as the venue reported it, all of it booked in our store."""

    balance: Balance
    positions: tuple[VenuePosition, ...]
    """The account's own; of a netted position its own part."""
    open_orders: tuple[Order, ...]
    foreign: tuple[VenuePosition, ...] = ()
    """What others made at the same venue account: counted as exposure, never touched."""
    frozen: Mapping[str, str] = field(default_factory=dict[str, str])
    """Symbols in which nothing may be opened, and why."""
    wallet_gap: Decimal = ZERO
    """What the record lacks to the venue's wallet (quote)."""

    def position(self, symbol: str) -> VenuePosition | None:
        return next((p for p in self.positions if p.position.symbol == symbol), None)

    @property
    def gross_exposure(self) -> Decimal:
        held = (*self.positions, *self.foreign)
        return sum((p.position.notional(p.mark) for p in held), ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    """One reading of the venue, and what was booked before it."""

    seen: VenueAccount
    movements: Movements
    ended: tuple[Order, ...]
    booked: Booked
    unsettled: tuple[StoredIntent, ...]

    @property
    def orders(self) -> tuple[Order, ...]:
        return (*self.seen.open_orders, *self.ended)


def state_of(order: Order) -> IntentState:
    """What an order's status means for the intent behind it."""
    return _STATE_OF_STATUS[order.status]


@task(name="reconcile_account", **READ)
async def reconcile_account(cycle: Cycle) -> AccountState:
    """Read the account from the venue and book all of it in one transaction."""
    return await reconcile(cycle)


async def reconcile(cycle: Cycle) -> AccountState:
    """The same inside another step, without a task run of its own."""
    for reading in range(1, READINGS + 1):
        state, is_lagging = await reconcile_once(cycle, is_last=reading == READINGS)
        if not is_lagging:
            break
        await asyncio.sleep(REREAD_SECONDS)
    return state


async def reconcile_once(
    cycle: Cycle, *, is_last: bool = True, has_gap: bool = False
) -> tuple[AccountState, bool]:
    """One reading, booked; and whether it lags behind what orders of ours have executed.

    `has_gap`: what is booked does not make the wallet, so that all of the last day is read again.
    """
    report = await _read(cycle, venue_of(cycle), has_gap=has_gap)
    return _book(cycle, report, is_last=is_last)


async def _read(cycle: Cycle, venue: Venue, *, has_gap: bool) -> _Report:
    with store_engine().connect() as conn:
        booked = load_booked(conn, cycle.account.id, has_gap=has_gap)
        unsettled = load_unsettled(conn, cycle.account.id)
    seen = await venue.account()
    return _Report(
        seen=seen,
        movements=await venue.movements_since(booked, seen),
        ended=await _ended_orders(cycle.account.id, venue, unsettled, seen.open_orders),
        booked=booked,
        unsettled=unsettled,
    )


def _book(cycle: Cycle, report: _Report, *, is_last: bool) -> tuple[AccountState, bool]:
    account_id, seen = cycle.account.id, report.seen
    with store_engine().begin() as conn:
        changed = upsert_orders(conn, account_id, report.orders)
        fills = book_fills(conn, account_id, report.movements.fills)
        ownership = settle_ownership(
            conn,
            cycle,
            seen=seen,
            fills=fills,
            is_last=is_last,
        )
        income = book_income(conn, account_id, report.movements.income)
        book_funding_on_trades(conn, account_id, income)
        for order in changed:
            tell_order(conn, cycle, order)
        for fill in fills:
            tell_fill(conn, cycle, fill)
        replace_positions(
            conn,
            account_id,
            ownership.whole,
            seen_at=cycle.as_of,
            foreign=ownership.foreign_quantities,
        )
        _settle(conn, report)
        review_fills(conn, cycle, fills)
    run_log().info(
        "%s at the venue: wallet %s, equity %s USDT, %d position(s), %d open order(s);"
        " booked %d new fill(s) and %d income line(s).",
        account_id, plain(round(seen.balance.wallet, 2)), plain(round(seen.balance.equity, 2)),
        len(seen.positions), len(seen.open_orders), len(fills), len(income),
    )  # fmt: skip
    gap = report.booked.gap(seen, fills, income)
    return _state(seen, ownership, gap), ownership.is_lagging


def _state(seen: VenueAccount, ownership: Ownership, gap: Decimal) -> AccountState:
    return AccountState(
        balance=seen.balance,
        positions=ownership.own,
        foreign=ownership.foreign,
        open_orders=seen.open_orders,
        frozen=ownership.frozen,
        wallet_gap=gap,
    )


async def _ended_orders(
    account_id: str,
    venue: Venue,
    unsettled: Sequence[StoredIntent],
    still_open: Sequence[Order],
) -> tuple[Order, ...]:
    """Orders that we believe open and the venue no longer lists, as the venue knows them now."""
    listed = {order.request.client_order_id for order in still_open}
    ended: list[Order] = []
    for stored in unsettled:
        request = stored.intent.request
        if stored.state is IntentState.PLANNED or request.client_order_id in listed:
            continue
        try:
            order = await venue.order_by_client_id(request.symbol, request.client_order_id)
        except VenueError as error:
            # One order that cannot be told of must not keep the account from its protection.
            run_log().warning("%s: order %s cannot be asked for now: %s", account_id,
                              request.client_order_id, error)  # fmt: skip
            continue
        if order is not None:
            ended.append(order)
    return tuple(ended)


def _settle(conn: Connection, report: _Report) -> None:
    by_client_id = {order.request.client_order_id: order for order in report.orders}
    for stored in report.unsettled:
        order = by_client_id.get(stored.intent.request.client_order_id)
        if order is None or stored.state in (IntentState.PLANNED, state_of(order)):
            continue
        settle_by(conn, stored, order)


def settle_by(conn: Connection, stored: StoredIntent, order: Order) -> None:
    """What the venue says of an order, for the intent behind it."""
    move_intent(
        conn,
        stored.id,
        state_of(order),
        venue_order_id=order.venue_order_id,
        reason=f"venue says {order.status}",
        real_now=datetime.now(UTC),
    )
