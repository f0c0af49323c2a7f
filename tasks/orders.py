"""Sending orders: the intent is committed first, sent once, and settled by the venue alone.

Order of one submit: intent row committed as `planned`; gate, lease and states checked and the row
moved to `submitting` in one transaction; then exactly one call to the venue, at once. An operator's
halt waits for rows in `submitting`, so none leaves after it (`adapters.store.send_gate`). Whatever
is not a definite answer leaves the intent `unknown`; nothing here ever sends an intent twice.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection

from adapters.store.accounts import load_account
from adapters.store.cycles import require_lease
from adapters.store.errors import UnknownAccount
from adapters.store.intents import StoredIntent, move_intent, next_attempt, plan_intent
from adapters.store.orders import upsert_orders
from adapters.store.send_gate import ANNOUNCED_SECONDS, SEND_SECONDS, GateBarred, pass_gate
from tasks.account_state import state_of
from tasks.cycle import Cycle
from tasks.resources import store_engine, venue_of
from tasks.run_log import run_log
from tasks.story import tell_alarm, tell_order
from trading.account import AccountStatus, OperatorState, TradingState
from trading.errors import OrderRejected, VenueUnavailable
from trading.orders import (
    IntentState,
    Leg,
    Order,
    OrderIntent,
    OrderRequest,
    OrderType,
    Side,
    client_order_id,
)
from trading.units import plain

OPERATOR_HALT = "operator halt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An order that a step wants, before it has an id."""

    symbol: str
    leg: Leg
    side: Side
    order_type: OrderType
    quantity: Decimal
    reference_price: Decimal
    """Price seen when the order was wanted, for the slippage figure."""
    stop_price: Decimal | None = None
    decision_id: UUID | None = None

    @property
    def reduces_only(self) -> bool:
        return self.leg is not Leg.ENTRY


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """How a submit ended; `order` is None unless the venue answered with one."""

    intent_id: UUID
    state: IntentState
    order: Order | None
    reason: str | None = None
    code: int | None = None
    """The venue's, when it refused the order."""


async def submit(cycle: Cycle, wish: Wish) -> Submitted:
    """Send one order for one intent. Raises `LeaseLost` when the account is no longer ours."""
    stored, created = _plan(cycle, wish)
    if not created:
        # A repeated step of the same slot: what was sent stays as it is.
        return Submitted(intent_id=stored.id, state=stored.state, order=None, reason=stored.reason)
    until = _start_submitting(cycle, stored)
    if isinstance(until, str):
        return _settled(cycle, stored, IntentState.REFUSED, None, until)
    try:
        order = await _send(cycle, stored.intent.request, until)
    except OrderRejected as error:
        refused = _settled(cycle, stored, IntentState.REFUSED, None, str(error))
        return replace(refused, code=error.code)
    except VenueUnavailable as error:
        return _settled(cycle, stored, IntentState.CLOSED, None, f"not sent: {error}")
    except Exception as error:  # noqa: BLE001 - no definite answer: only the venue may end it
        return _settled(
            cycle, stored, IntentState.UNKNOWN, None, f"{type(error).__name__}: {error}"
        )
    return _settled(cycle, stored, state_of(order), order, None)


async def _send(cycle: Cycle, request: OrderRequest, until: datetime) -> Order:
    """The one call to the venue, with its answer or an error after `SEND_SECONDS`."""
    venue = venue_of(cycle)
    if datetime.now(UTC) > until:
        # A process that was held up (suspended, starved) must not wake up and send: by now the
        # account may be halted, or belong to another run.
        raise VenueUnavailable("the process was held up after the order had been checked")
    async with asyncio.timeout(SEND_SECONDS):
        return await venue.submit(request)


def _plan(cycle: Cycle, wish: Wish) -> tuple[StoredIntent, bool]:
    with store_engine().begin() as conn:
        # One entry per slot and symbol, ever: the unique key refuses a second one. Protection and
        # exits may need another attempt after a definite answer.
        attempt = (
            1
            if wish.leg is Leg.ENTRY
            else next_attempt(conn, cycle.account.id, cycle.slot, wish.symbol, wish.leg)
        )
        intent = OrderIntent(
            account_id=cycle.account.id,
            slot=cycle.slot,
            leg=wish.leg,
            attempt=attempt,
            decision_id=None if wish.decision_id is None else str(wish.decision_id),
            request=OrderRequest(
                symbol=wish.symbol,
                side=wish.side,
                order_type=wish.order_type,
                client_order_id=client_order_id(
                    account_id=cycle.account.id,
                    slot=cycle.slot,
                    symbol=wish.symbol,
                    leg=wish.leg,
                    attempt=attempt,
                ),
                quantity=wish.quantity,
                stop_price=wish.stop_price,
                reduce_only=wish.reduces_only,
            ),
        )
        return plan_intent(
            conn,
            intent,
            cycle_id=cycle.id,
            lease_token=cycle.lease_token,
            reference_price=wish.reference_price,
        )


def _start_submitting(cycle: Cycle, stored: StoredIntent) -> datetime | str:
    """Last look before the socket: gate, lease, operator, risk.

    Announces the order and returns the real instant until which it may be sent, or says why not.
    """
    opens = not stored.intent.request.only_reduces
    try:
        with store_engine().begin() as conn:
            if opens:
                pass_gate(conn, cycle.account.id)
            now = datetime.now(UTC)
            until = require_lease(conn, cycle.account.id, cycle.lease_token, real_now=now)
            if opens:
                refusal = _why_not(conn, cycle.account.id)
                if refusal is not None:
                    return refusal
                until = min(until, now + timedelta(seconds=ANNOUNCED_SECONDS))
            move_intent(conn, stored.id, IntentState.SUBMITTING, real_now=now)
    except GateBarred:
        return OPERATOR_HALT
    return until


def _why_not(conn: Connection, account_id: str) -> str | None:
    """Why nothing may be opened. A way out is never asked this."""
    try:
        account = load_account(conn, account_id)
    except UnknownAccount:
        return "account was removed"
    if account.operator_state is OperatorState.HALTED:
        return OPERATOR_HALT
    if account.status is not AccountStatus.ACTIVE:
        return f"account is {account.status}"
    if account.trading_state is not TradingState.ACTIVE:
        return f"trading state is {account.trading_state}"
    return None


def _settled(
    cycle: Cycle,
    stored: StoredIntent,
    state: IntentState,
    order: Order | None,
    reason: str | None,
) -> Submitted:
    request = stored.intent.request
    with store_engine().begin() as conn:
        move_intent(
            conn,
            stored.id,
            state,
            venue_order_id=order.venue_order_id if order else None,
            reason=reason,
            real_now=datetime.now(UTC),
        )
        if order is not None:
            for changed in upsert_orders(conn, cycle.account.id, [order]):
                tell_order(conn, cycle, changed)
        if state is IntentState.UNKNOWN:
            tell_alarm(
                conn, cycle, request.symbol, f"outcome of order {request.client_order_id} unknown"
            )
    log = run_log()
    words = f"{stored.intent.leg} {request.side} {plain(request.quantity)} {request.symbol}"
    if order is not None and order.average_price is not None:
        log.info("%s: %s filled at %s (order %s).", cycle.account.id, words,
                 plain(round(order.average_price, 8)), request.client_order_id)  # fmt: skip
    elif order is not None:
        log.info("%s: %s rests at %s (order %s).", cycle.account.id, words,
                 plain(request.stop_price or request.price or Decimal(0)), request.client_order_id)  # fmt: skip
    else:
        log.warning("%s: %s ended %s: %s.", cycle.account.id, words, state, reason)
    return Submitted(intent_id=stored.id, state=state, order=order, reason=reason)


async def cancel(cycle: Cycle, order: Order) -> None:
    """Take a resting order away; an order that is gone already is what was wanted."""
    try:
        ended = await venue_of(cycle).cancel(order.symbol, order.request.client_order_id)
    except OrderRejected as error:
        run_log().info("%s: order %s was gone already (%s).", cycle.account.id,
                              order.request.client_order_id, error)  # fmt: skip
        return
    with store_engine().begin() as conn:
        for changed in upsert_orders(conn, cycle.account.id, [ended]):
            tell_order(conn, cycle, changed)
