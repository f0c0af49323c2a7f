"""Orders on the book: put there, replaced, taken away, and what goes away with them.

Everything here moves orders, never money. The one rule not to break: an order leaves the state
only together with an event that carries its final form. Quantities are base.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from trading.orders import GroupRole, Order, OrderRequest, OrderStatus
from trading.paper_book import BookState, OrderChanged, VenueEvent
from trading.units import ZERO

Outcome = tuple[BookState, list[VenueEvent]]


def held_quantity(state: BookState, symbol: str) -> Decimal:
    """Signed base quantity of the open position, zero when flat."""
    position = state.positions.get(symbol)
    return ZERO if position is None else position.quantity


def reducible_quantity(state: BookState, request: OrderRequest) -> Decimal:
    """How much of the open position an order on this side would close (base, magnitude)."""
    return max(ZERO, -held_quantity(state, request.symbol) * request.side.sign)


def wanted_quantity(state: BookState, order: Order) -> Decimal:
    """What the order would fill now: cut to the position where it may only reduce."""
    if order.request.close_position:
        return reducible_quantity(state, order.request)
    if order.request.reduce_only:
        return min(order.remaining, reducible_quantity(state, order.request))
    return order.remaining


def put_order(state: BookState, order: Order) -> BookState:
    """The books with the order resting, in its place in the queue: orders go by their number.

    An exit that was accepted long before it came to life has that early number.
    """
    orders = {**state.orders, order.venue_order_id: order}
    if order.venue_order_id not in state.orders:
        orders = dict(sorted(orders.items(), key=lambda entry: int(entry[0])))
    return replace(state, orders=orders)


def drop_order(state: BookState, order: Order) -> BookState:
    """The books without it, wherever it was."""
    number = order.venue_order_id
    return replace(
        state,
        orders={key: kept for key, kept in state.orders.items() if key != number},
        waiting={key: kept for key, kept in state.waiting.items() if key != number},
    )


def end_order(state: BookState, order: Order, status: OrderStatus, at: datetime) -> Outcome:
    """Take `order` off the book as canceled or expired.

    An entry that ends takes the exits along that still wait for it: they would protect nothing.
    """
    ended = replace(order, status=status, updated_at=at)
    state, events = drop_order(state, order), [OrderChanged(order=ended)]
    if order.group_role is GroupRole.ENTRY:
        for leg in tuple(state.waiting.values()):
            if leg.group_id == order.group_id:
                state, more = end_order(state, leg, status, at)
                events += [event for event in more if isinstance(event, OrderChanged)]
    return state, [*events]


def orphans_expired(state: BookState, symbol: str, at: datetime) -> Outcome:
    """Expire reduce-only orders that have no position to reduce any more.

    A stop that outlives its position would close, or fight, the next one.
    """
    events: list[VenueEvent] = []
    for order in tuple(state.orders.values()):
        request = order.request
        if (
            order.symbol == symbol
            and request.only_reduces
            and reducible_quantity(state, request) == ZERO
        ):
            state, expired = end_order(state, order, OrderStatus.EXPIRED, at)
            events += expired
    return state, events
