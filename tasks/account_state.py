"""Make our record of an account equal to the venue's, before and after a cycle trades.

The venue wins; a failed query is an error, never "flat"; fills are booked once by the venue's
trade id; every difference becomes an event. An intent whose outcome is not known is settled by
asking the venue for its client order id, never by sending it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from prefect import task
from sqlalchemy import Connection

from adapters.store.fills import book_fills, last_trade_id
from adapters.store.income import book_income, last_tran_id
from adapters.store.intents import StoredIntent, load_unsettled, move_intent
from adapters.store.orders import upsert_orders
from adapters.store.positions import load_positions, replace_positions
from adapters.store.trades import apply_fills_to_trades, book_funding_on_trades
from tasks.cycle import Cycle
from tasks.options import READ
from tasks.resources import store_engine, venue_of
from tasks.run_log import run_log
from tasks.story import tell_difference, tell_fill, tell_order
from trading.orders import Fill, IntentState, Order, OrderStatus
from trading.ports import Balance, Venue, VenuePosition
from trading.units import ZERO, plain

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
    open_orders: tuple[Order, ...]

    def position(self, symbol: str) -> VenuePosition | None:
        return next((p for p in self.positions if p.position.symbol == symbol), None)

    @property
    def gross_exposure(self) -> Decimal:
        return sum((p.position.notional(p.mark) for p in self.positions), ZERO)


def state_of(order: Order) -> IntentState:
    """What an order's status means for the intent behind it."""
    return _STATE_OF_STATUS[order.status]


@task(name="resolve_unknown_orders", **READ)
async def resolve_unknown_orders(cycle: Cycle) -> int:
    """Settle every intent that an earlier run left open, by asking the venue; returns how many."""
    with store_engine().connect() as conn:
        unsettled = load_unsettled(conn, cycle.account.id)
    if not unsettled:
        return 0
    venue = venue_of(cycle)
    # One list answers for all that still rest; only what is not in it is asked for by its id.
    resting = {order.request.client_order_id: order for order in await venue.open_orders()}
    settled = 0
    for intent in unsettled:
        settled += await _resolve(cycle, venue, intent, resting)
    if settled:
        run_log().info(
            "%s: %d order(s) of earlier cycles were settled by asking the venue.",
            cycle.account.id, settled,
        )  # fmt: skip
    return settled


async def _resolve(
    cycle: Cycle, venue: Venue, stored: StoredIntent, resting: Mapping[str, Order]
) -> bool:
    request = stored.intent.request
    if stored.state is IntentState.PLANNED:
        # Committed, never sent: the process died before. A decision older than its slot is not
        # executed after a restart; protection is planned again from the position itself.
        _move(stored, IntentState.CLOSED, "expired: planned but never sent")
        return True
    order = resting.get(request.client_order_id)
    if order is None:
        order = await venue.order_by_client_id(request.symbol, request.client_order_id)
    if order is None:
        # An order that rested and that the venue has forgotten ended without a fill; its fills, if
        # any, are booked by trade id all the same.
        rested = stored.state is IntentState.OPEN
        why = "no longer known to the venue" if rested else "never executed: unknown to the venue"
        _move(stored, IntentState.CLOSED, why)
        return True
    if state_of(order) is stored.state:
        return False
    with store_engine().begin() as conn:
        upsert_orders(conn, cycle.account.id, [order])
    _move(stored, state_of(order), f"venue says {order.status}", order.venue_order_id)
    return True


def _move(
    stored: StoredIntent, to: IntentState, reason: str, venue_order_id: str | None = None
) -> None:
    with store_engine().begin() as conn:
        move_intent(
            conn,
            stored.id,
            to,
            venue_order_id=venue_order_id,
            reason=reason,
            real_now=datetime.now(UTC),
        )


@task(name="reconcile_account", **READ)
async def reconcile_account(cycle: Cycle) -> AccountState:
    """Read the account from the venue and book all of it in one transaction."""
    return await reconcile(cycle)


async def reconcile(cycle: Cycle) -> AccountState:
    """The same inside another step, without a task run of its own."""
    venue = venue_of(cycle)
    account_id = cycle.account.id
    with store_engine().connect() as conn:
        after_trade = last_trade_id(conn, account_id)
        after_tran = last_tran_id(conn, account_id)
        unsettled = load_unsettled(conn, account_id)
    reported = await venue.account()
    state = AccountState(
        balance=reported.balance,
        positions=reported.positions,
        open_orders=reported.open_orders,
    )
    fills = await venue.fills_since(after_trade)
    income = await venue.income_since(after_tran)
    ended = await _ended_orders(venue, unsettled, state.open_orders)
    with store_engine().begin() as conn:
        booked = book_fills(conn, account_id, fills)
        apply_fills_to_trades(conn, account_id, booked)
        funding = book_income(conn, account_id, income)
        book_funding_on_trades(conn, account_id, funding)
        for order in upsert_orders(conn, account_id, [*state.open_orders, *ended]):
            tell_order(conn, cycle, order)
        for fill in booked:
            tell_fill(conn, cycle, fill)
        _report_differences(conn, cycle, state, booked)
        replace_positions(conn, account_id, state.positions, seen_at=cycle.as_of)
        _settle(conn, unsettled, [*state.open_orders, *ended])
    run_log().info(
        "%s at the venue: wallet %s, equity %s USDT, %d position(s), %d open order(s);"
        " booked %d new fill(s) and %d income line(s).",
        account_id, plain(round(state.balance.wallet, 2)), plain(round(state.balance.equity, 2)),
        len(state.positions), len(state.open_orders), len(booked), len(funding),
    )  # fmt: skip
    return state


async def _ended_orders(
    venue: Venue, unsettled: tuple[StoredIntent, ...], still_open: tuple[Order, ...]
) -> list[Order]:
    """Orders that we believe open and the venue no longer lists, as the venue knows them now."""
    listed = {order.request.client_order_id for order in still_open}
    ended: list[Order] = []
    for stored in unsettled:
        request = stored.intent.request
        if stored.state is IntentState.PLANNED or request.client_order_id in listed:
            continue
        order = await venue.order_by_client_id(request.symbol, request.client_order_id)
        if order is not None:
            ended.append(order)
    return ended


def _settle(conn: Connection, unsettled: tuple[StoredIntent, ...], orders: list[Order]) -> None:
    by_client_id = {order.request.client_order_id: order for order in orders}
    for stored in unsettled:
        order = by_client_id.get(stored.intent.request.client_order_id)
        if order is None or stored.state in (IntentState.PLANNED, state_of(order)):
            continue
        move_intent(
            conn,
            stored.id,
            state_of(order),
            venue_order_id=order.venue_order_id,
            reason=f"venue says {order.status}",
            real_now=datetime.now(UTC),
        )


def _report_differences(
    conn: Connection, cycle: Cycle, state: AccountState, booked: tuple[Fill, ...]
) -> None:
    """What we held plus the new fills must be what the venue reports; if not, say it loudly."""
    expected = {
        p.position.symbol: p.position.quantity for p in load_positions(conn, cycle.account.id)
    }
    for fill in booked:
        signed = fill.quantity * fill.side.sign
        expected[fill.symbol] = expected.get(fill.symbol, ZERO) + signed
    reported = {p.position.symbol: p.position.quantity for p in state.positions}
    for symbol in sorted(expected.keys() | reported.keys()):
        ours, theirs = expected.get(symbol, ZERO), reported.get(symbol, ZERO)
        if ours != theirs:
            tell_difference(conn, cycle, symbol, ours=ours, venue=theirs)
            run_log().error(
                "%s %s: our record says %s, the venue says %s; the venue wins.",
                cycle.account.id, symbol, plain(ours), plain(theirs),
            )  # fmt: skip
