"""Intents whose outcome is not known are settled by the venue alone, never by sending again.

"No such order" is an answer only when the request can no longer arrive: after the venue's window,
and when neither its fills nor its position tell of it (reference: aster 3.3). Until then the intent
is unknown, and nothing may be opened in its symbol.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from prefect import task

from adapters.store.alerts import AlertSeverity, clear_alert, raise_alert
from adapters.store.booked import load_booked
from adapters.store.intents import StoredIntent, load_unsettled, move_intent
from adapters.store.orders import upsert_orders
from tasks.account_state import settle_by, state_of
from tasks.cycle import Cycle
from tasks.options import READ
from tasks.resources import store_engine
from tasks.run_log import run_log
from tasks.venues import venue_of
from trading.errors import VenueError
from trading.orders import IntentState, Order, OrderRequest
from trading.ports import Venue

UNKNOWN_ORDER = "order_outcome_unknown"
LOUD_AFTER = timedelta(seconds=60)
ASK_AFTER_SECONDS = (0.3, 0.7, 1.5, 2.5)
"""Pauses before each question about an order whose answer was lost: five seconds in all, so that
a stop that failed to be confirmed can still be replaced within its ten."""


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
        try:
            settled += await _resolve(cycle, venue, intent, resting)
        except VenueError as error:
            # It stays what it was; what is held is protected all the same.
            run_log().warning("%s: order %s cannot be asked for now: %s", cycle.account.id,
                              intent.intent.request.client_order_id, error)  # fmt: skip
    _tell_unknown(cycle)
    if settled:
        run_log().info(
            "%s: %d order(s) of earlier cycles were settled by asking the venue.",
            cycle.account.id, settled,
        )  # fmt: skip
    return settled


async def find_outcome(
    cycle: Cycle, request: OrderRequest, pauses: Sequence[float] | None = None
) -> Order | None:
    """Ask after each pause what became of an order whose answer was lost; None: it is not known yet.

    Without `pauses` (seconds): a few times, over `ASK_AFTER_SECONDS`.
    """
    for pause in ASK_AFTER_SECONDS if pauses is None else pauses:
        await asyncio.sleep(pause)
        try:
            order = await venue_of(cycle).order_by_client_id(
                request.symbol, request.client_order_id
            )
        except VenueError as error:
            run_log().warning("%s: order %s cannot be asked for now: %s", cycle.account.id,
                              request.client_order_id, error)  # fmt: skip
            continue
        if order is not None or venue_of(cycle).settles_after <= timedelta(0):
            return order
    return None


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
        return await _resolve_not_found(cycle, venue, stored)
    if state_of(order) is stored.state:
        return False
    note_answer(cycle, stored, order)
    return True


def note_answer(cycle: Cycle, stored: StoredIntent, order: Order) -> None:
    """Store what the venue says of an order, and what that means for its intent."""
    with store_engine().begin() as conn:
        upsert_orders(conn, cycle.account.id, [order])
        settle_by(conn, stored, order)


async def _resolve_not_found(cycle: Cycle, venue: Venue, stored: StoredIntent) -> bool:
    if stored.state is IntentState.OPEN:
        # It rested, and the venue has forgotten it: ended without a fill. Its fills, if any, are
        # booked by trade id all the same.
        _move(stored, IntentState.CLOSED, "no longer known to the venue")
        return True
    sent = stored.real_sent_at
    if sent is not None and datetime.now(UTC) - sent < venue.settles_after:
        if stored.state is not IntentState.UNKNOWN:
            _move(stored, IntentState.UNKNOWN, "not known to the venue, but may still arrive")
        return False
    if await _was_executed(cycle, venue, stored):
        _move(stored, IntentState.FILLED, "its fills are listed by the venue")
        return True
    _move(stored, IntentState.CLOSED, "never executed: unknown to the venue")
    return True


async def _was_executed(cycle: Cycle, venue: Venue, stored: StoredIntent) -> bool:
    """The last cross-check: a fill of it, among those booked or not."""
    if venue.settles_after <= timedelta(0):
        return False
    with store_engine().connect() as conn:
        booked = load_booked(conn, cycle.account.id)
    movements = await venue.movements_since(booked, await venue.account())
    wanted = stored.intent.request.client_order_id
    return any(fill.client_order_id == wanted for fill in movements.fills)


def _tell_unknown(cycle: Cycle) -> None:
    """An alert while an outcome stays unknown for long; cleared when none does."""
    now = datetime.now(UTC)
    with store_engine().begin() as conn:
        unknown = [
            stored
            for stored in load_unsettled(conn, cycle.account.id)
            if stored.state in (IntentState.UNKNOWN, IntentState.SUBMITTING)
        ]
        old = [s for s in unknown if s.real_sent_at and now - s.real_sent_at >= LOUD_AFTER]
        if not unknown:
            clear_alert(conn, code=UNKNOWN_ORDER, account_id=cycle.account.id, at=cycle.as_of)
        elif old:
            names = ", ".join(
                f"{s.intent.leg} {s.intent.request.symbol} ({s.intent.request.client_order_id})"
                for s in old
            )
            raise_alert(
                conn,
                code=UNKNOWN_ORDER,
                severity=AlertSeverity.CRITICAL,
                sentence=f"The venue has not said for over {LOUD_AFTER.seconds} s what became of"
                f" {names} of {cycle.account.id}; nothing is opened in that symbol until it does.",
                account_id=cycle.account.id,
                at=cycle.as_of,
            )


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
