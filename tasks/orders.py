"""Sending orders: the intent is committed first, sent once, and settled by the venue alone.

Order of one submit: intent row committed as `planned`; gate, lease and states checked and the row
moved to `submitting` in one transaction; then exactly one call to the venue, at once. An operator's
halt waits for rows in `submitting`, so none leaves after it (`adapters.store.send_gate`). Whatever
is not a definite answer leaves the intent `unknown`; nothing here ever sends an intent twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from uuid import UUID

from adapters.store.intents import (
    StoredIntent,
    move_intent,
    next_attempt,
    plan_intent,
)
from adapters.store.orders import upsert_orders
from tasks.account_state import state_of
from tasks.cycle import Cycle
from tasks.last_look import leave_before, start_submitting
from tasks.resources import store_engine
from tasks.run_log import run_log
from tasks.settling import find_outcome
from tasks.stopping import stop_account
from tasks.story import tell_alarm, tell_order
from tasks.venues import venue_of
from trading.errors import AccountBarred, OrderRejected, VenueUnavailable
from trading.orders import (
    IntentState,
    Leg,
    Order,
    OrderIntent,
    OrderRequest,
    OrderType,
    PriceKind,
    Side,
    client_order_id,
)
from trading.ports import Venue
from trading.units import plain

NOT_SENT = "not sent"
"""How the reason of an intent begins that certainly never left the house."""


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
    exit_code: str | None = None
    """Why an exit is sent."""

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

    @property
    def was_not_sent(self) -> bool:
        """Certainly never left: may be planned again."""
        return self.order is None and (self.reason or "").startswith(NOT_SENT)


async def submit(cycle: Cycle, wish: Wish) -> Submitted:
    """Send one order for one intent. Raises `LeaseLost` when the account is no longer ours."""
    stored, created = plan(cycle, wish)
    if not created:
        # A repeated step of the same slot: what was sent stays as it is.
        return Submitted(intent_id=stored.id, state=stored.state, order=None, reason=stored.reason)
    until = start_submitting(cycle, stored)
    if isinstance(until, str):
        return settled(cycle, stored, IntentState.REFUSED, None, until)
    try:
        order = await _send(cycle, stored.intent.request, until)
    except OrderRejected as error:
        stop_if_barred(cycle, error)
        refused = settled(cycle, stored, IntentState.REFUSED, None, str(error))
        return replace(refused, code=error.code)
    except VenueUnavailable as error:
        return settled(cycle, stored, IntentState.CLOSED, None, f"{NOT_SENT}: {error}")
    except Exception as error:  # noqa: BLE001 - no definite answer: only the venue may end it
        return await _unknown(cycle, stored, f"{type(error).__name__}: {error}")
    return settled(cycle, stored, state_of(order), order, None)


def stop_if_barred(cycle: Cycle, error: OrderRejected) -> None:
    """A refusal that is about the account, not the order: none, or no entry, would be taken now."""
    if isinstance(error, AccountBarred) or error.bars_entries:
        stop_account(cycle, f"the venue refused its order: {error}")


async def _unknown(cycle: Cycle, stored: StoredIntent, why: str) -> Submitted:
    """The outcome is committed as unknown, then asked for; what is found ends it."""
    unknown = settled(cycle, stored, IntentState.UNKNOWN, None, why)
    order = await find_outcome(cycle, stored.intent.request)
    if order is None:
        return unknown
    return settled(cycle, stored, state_of(order), order, f"found after: {why}")


async def _send(cycle: Cycle, request: OrderRequest, until: datetime) -> Order:
    """The one call to the venue, with its answer or an error.

    What was refused for its time or nonce alone is signed anew, once, when the venue does not know
    it: then nothing has been executed.
    """
    venue = venue_of(cycle)
    submit_it = partial(venue.submit, request)
    try:
        return await leave_before(until, submit_it)
    except OrderRejected as error:
        if not error.may_be_sent_anew:
            raise
    known = await venue.order_by_client_id(request.symbol, request.client_order_id)
    return known if known is not None else await leave_before(until, submit_it)


def plan(cycle: Cycle, wish: Wish) -> tuple[StoredIntent, bool]:
    """Commit the intent of a wish; False when this step has planned it before."""
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
                trigger_by=venue_of(cycle).triggers_by
                if wish.order_type.is_conditional
                else PriceKind.LAST,
            ),
        )
        return plan_intent(
            conn,
            intent,
            cycle_id=cycle.id,
            lease_token=cycle.lease_token,
            reference_price=wish.reference_price,
            exit_code=wish.exit_code,
        )


def settled(
    cycle: Cycle,
    stored: StoredIntent,
    state: IntentState,
    order: Order | None,
    reason: str | None,
) -> Submitted:
    """Commit how a submit ended, and tell it."""
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
    """Take a resting order away; an order that is gone already is what was wanted.

    Raises `VenueError` where it may still rest; the account is paused where its keys are refused.
    """
    try:
        ended = await _cancel(venue_of(cycle), order)
    except OrderRejected as error:
        if not error.is_gone:
            stop_if_barred(cycle, error)
            raise
        run_log().info("%s: order %s was gone already (%s).", cycle.account.id,
                              order.request.client_order_id, error)  # fmt: skip
        return
    with store_engine().begin() as conn:
        for changed in upsert_orders(conn, cycle.account.id, [ended]):
            tell_order(conn, cycle, changed)


async def _cancel(venue: Venue, order: Order) -> Order:
    """What was refused for its time alone is signed anew, once: taken away twice is taken away."""
    try:
        return await venue.cancel(order.symbol, order.request.client_order_id)
    except OrderRejected as error:
        if not error.may_be_sent_anew:
            raise
    return await venue.cancel(order.symbol, order.request.client_order_id)
