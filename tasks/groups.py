"""An entry with its stop and target in one message, where the venue keeps them together (OTOCO).

The rules are those of a single submit: every leg has its intent before anything is sent, the group
is sent once, and what is not a definite answer leaves all of them unknown. What rests is read back
afterwards like any protection: a group is a shorter way, not another promise.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from adapters.store.intents import StoredIntent
from tasks.account_state import state_of
from tasks.cycle import Cycle
from tasks.last_look import leave_before, start_submitting
from tasks.orders import (
    NOT_SENT,
    Submitted,
    Wish,
    plan,
    settled,
    stop_if_barred,
)
from tasks.settling import find_outcome
from tasks.venues import venue_of
from trading.errors import OrderRejected, VenueUnavailable
from trading.order_groups import OrderGroup
from trading.orders import IntentState, Order, OrderStatus

AT_ONCE = (0.0,)
GROUP_PREFIX = "g"
"""Before the entry's client order id: the group's own, which the venue knows it by."""


async def submit_group(cycle: Cycle, entry: Wish, exits: Sequence[Wish]) -> Submitted:
    """Send an entry with its exits; how the entry ended. Raises as `tasks.orders.submit`."""
    planned = [plan(cycle, wish) for wish in (entry, *exits)]
    first, created = planned[0]
    if not created:
        # A repeated step of the same slot: what was sent stays as it is.
        return Submitted(intent_id=first.id, state=first.state, order=None, reason=first.reason)
    legs = [stored for stored, _ in planned]
    until = start_submitting(cycle, *legs)
    if isinstance(until, str):
        return _all(cycle, legs, IntentState.REFUSED, until)
    group = OrderGroup(
        group_id=GROUP_PREFIX + first.intent.request.client_order_id,
        entry=first.intent.request,
        exits=tuple(stored.intent.request for stored in legs[1:]),
    )
    try:
        orders = await leave_before(until, partial(venue_of(cycle).submit_group, group))
    except OrderRejected as error:
        stop_if_barred(cycle, error)
        return _all(cycle, legs, IntentState.REFUSED, str(error))
    except VenueUnavailable as error:
        return _all(cycle, legs, IntentState.CLOSED, f"{NOT_SENT}: {error}")
    except Exception as error:  # noqa: BLE001 - no definite answer: only the venue may end it
        return await _ask(cycle, legs, f"{type(error).__name__}: {error}")
    return _each(cycle, legs, orders)


async def _ask(cycle: Cycle, legs: Sequence[StoredIntent], why: str) -> Submitted:
    """All of it is unknown until the venue says what became of each leg."""
    unknown = _all(cycle, legs, IntentState.UNKNOWN, why)
    entry = await find_outcome(cycle, legs[0].intent.request)
    if entry is None:
        return unknown
    # Asked once: an exit that cannot be read now must not keep the entry from its stop.
    exits = [await find_outcome(cycle, leg.intent.request, AT_ONCE) for leg in legs[1:]]
    return _each(cycle, legs, [order for order in (entry, *exits) if order is not None])


def _each(cycle: Cycle, legs: Sequence[StoredIntent], orders: Sequence[Order]) -> Submitted:
    """Settle each leg that the venue has answered for; the others stay as they are."""
    by_id = {order.request.client_order_id: order for order in orders}
    ended: list[Submitted] = []
    for leg in legs:
        order = by_id.get(leg.intent.request.client_order_id)
        if order is not None:
            # An exit that waits for its entry has no number of the venue's yet: its row would
            # never meet the one that it gets.
            known = None if order.status is OrderStatus.PENDING else order
            ended.append(settled(cycle, leg, state_of(order), known, None))
        else:
            ended.append(
                settled(cycle, leg, IntentState.UNKNOWN, None, "the group's answer leaves it out")
            )
    return ended[0]


def _all(cycle: Cycle, legs: Sequence[StoredIntent], state: IntentState, reason: str) -> Submitted:
    ended = [settled(cycle, leg, state, None, reason) for leg in legs]
    return ended[0]
