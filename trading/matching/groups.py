"""Taking a group of orders in one step: all of it is accepted, or nothing.

Exits are checked against the price at which the entry is expected, so that no stop is accepted that
its own entry would trigger; they wait, resting nowhere, until the entry has filled something.
Refusals leave no trace in the state.
"""

from __future__ import annotations

from dataclasses import replace

from trading.errors import OrderRejected
from trading.matching.filters import FORM, is_reached, require_acceptable, require_room
from trading.matching.resting import Outcome
from trading.matching.submission import Counter, accept, hand_in, submission_of
from trading.order_groups import OrderGroup
from trading.orders import GroupRole, OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from trading.paper_book import BookState, OrderChanged, VenueEvent
from trading.units import plain

_FORCES = (TimeInForce.GTC, TimeInForce.GTX)


def submit_group(state: BookState, group: OrderGroup, counter: Counter) -> Outcome:
    """Take a whole group; an entry's events come before those of its exits.

    Raises
    ------
    OrderRejected
        Of the first order that the venue would not take, or -1115 for an order that may not wait
        (Aster takes no IOC and no FOK in groups). Nothing has changed then.
    """
    members = (*((group.entry,) if group.entry else ()), *group.exits)
    for request in members:
        if request.time_in_force not in _FORCES:
            raise OrderRejected(
                -1115, f"Invalid timeInForce: {request.client_order_id} may not wait in a group."
            )
    if group.entry is None:
        return _two_exits(state, group, counter)
    return _entry_with_exits(state, group, group.entry, counter)


def _two_exits(state: BookState, group: OrderGroup, counter: Counter) -> Outcome:
    events: list[VenueEvent] = []
    for request in group.exits:
        require_acceptable(submission_of(state, request, counter))
        state, order = accept(
            state, request, counter.at, group_id=group.group_id, role=GroupRole.EXIT
        )
        state, more = hand_in(state, order, counter)
        events += more
        if order.venue_order_id not in state.orders:
            break  # filled at once: of two exits one is enough
    return state, events


def _entry_with_exits(
    state: BookState, group: OrderGroup, entry: OrderRequest, counter: Counter
) -> Outcome:
    require_acceptable(submission_of(state, entry, counter))
    state, order = accept(state, entry, counter.at, group_id=group.group_id, role=GroupRole.ENTRY)
    events: list[VenueEvent] = []
    for request in group.exits:
        _require_exit(state, request, entry, counter)
        state, leg = accept(
            state, request, counter.at, group_id=group.group_id, role=GroupRole.EXIT
        )
        leg = replace(leg, status=OrderStatus.PENDING)
        state = replace(state, waiting={**state.waiting, leg.venue_order_id: leg})
        events.append(OrderChanged(order=leg))
    state, more = hand_in(state, order, counter)
    return state, [*more[:1], *events, *more[1:]]


def _require_exit(
    state: BookState, request: OrderRequest, entry: OrderRequest, counter: Counter
) -> None:
    """Form, room, and a trigger that lies ahead of where the entry is going to fill."""
    submission = submission_of(state, request, counter)
    for rule in FORM:
        rule(submission)
    require_room(state, counter.instrument, conditional=request.order_type.is_conditional)
    named = [price for price in (entry.price, entry.stop_price) if price is not None]
    expected = named or [submission.price_now]
    if request.order_type is OrderType.TRAILING_STOP_MARKET:
        trigger, rises = request.activation_price, request.side is Side.SELL
    elif request.order_type.is_conditional:
        trigger = request.stop_price
        rises = request.order_type.is_stop == (request.side is Side.BUY)
    else:
        trigger, rises = request.price, request.side is Side.SELL
    if trigger is not None and any(is_reached(p, trigger, rises=rises) for p in expected):
        raise OrderRejected(
            -2021,
            f"Order would immediately trigger: {request.order_type} {request.side} at"
            f" {plain(trigger)}, the entry is expected at {' or '.join(map(plain, expected))}.",
        )
