"""What a fill means for the other orders of its group.

What the entry fills wakes its exits, each sized to what has been filled so far. What one exit fills
is taken off the other, so that both never close more than was opened; the first exit that is done
takes the other away, and whatever the entry still waits for. Quantities are base.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from trading.matching.resting import Outcome, drop_order, end_order, put_order
from trading.matching.trailing import followed
from trading.orders import GroupRole, Order, OrderStatus
from trading.paper_book import BookState, OrderChanged, VenueEvent


def follow_fill(
    state: BookState, order: Order, *, filled: Decimal, price: Decimal, at: datetime
) -> Outcome:
    """The group of `order` after `filled` more of it was executed at `price` (quote per base).

    `order` is its form after the fill. Orders without a group have no siblings.
    """
    if order.group_role is GroupRole.ENTRY:
        return _exits_follow(state, order, filled=filled, price=price, at=at)
    if order.group_role is GroupRole.EXIT:
        return _siblings_shrink(state, order, filled=filled, at=at)
    return state, []


def _exits_follow(
    state: BookState, entry: Order, *, filled: Decimal, price: Decimal, at: datetime
) -> Outcome:
    events: list[VenueEvent] = []
    for leg in tuple(_exits(state.waiting.values(), entry)):
        woken = replace(_sized(leg, filled), status=OrderStatus.NEW, created_at=at, updated_at=at)
        woken = followed(woken, price)
        state = put_order(drop_order(state, leg), woken)
        events.append(OrderChanged(order=woken))
    woken_ids = {event.order.venue_order_id for event in events if isinstance(event, OrderChanged)}
    for leg in tuple(_exits(state.orders.values(), entry)):
        if leg.venue_order_id not in woken_ids:
            grown = _sized(replace(leg, updated_at=at), leg.request.quantity + filled)
            state = put_order(state, grown)
            events.append(OrderChanged(order=grown))
    return state, events


def _siblings_shrink(state: BookState, done: Order, *, filled: Decimal, at: datetime) -> Outcome:
    events: list[VenueEvent] = []
    is_over = done.status is OrderStatus.FILLED
    for other in tuple(state.orders.values()):
        if other.group_id != done.group_id or other.venue_order_id == done.venue_order_id:
            continue
        if is_over or (other.remaining <= filled and _is_sized_exit(other)):
            state, more = end_order(state, other, OrderStatus.CANCELED, at)
            events += more
        elif _is_sized_exit(other):
            shrunk = _sized(replace(other, updated_at=at), other.request.quantity - filled)
            state = put_order(state, shrunk)
            events.append(OrderChanged(order=shrunk))
    return state, events


def _exits(orders: Iterable[Order], entry: Order) -> Iterable[Order]:
    return (
        order
        for order in orders
        if order.group_id == entry.group_id and order.group_role is GroupRole.EXIT
    )


def _is_sized_exit(order: Order) -> bool:
    return order.group_role is GroupRole.EXIT and not order.request.close_position


def _sized(order: Order, quantity: Decimal) -> Order:
    """`order` for `quantity`; one that closes the position asks for none."""
    if order.request.close_position:
        return order
    return replace(order, request=replace(order.request, quantity=quantity))
