"""Protection that outlives its position: plain stops and targets are not linked at the venue.

The engine tidies up after a position that is gone; the venue is not known to. Such an order rests on,
until it is cancelled, or until its price comes and finds nothing to reduce (reference: aster 2.5 and
open point 8: the stricter guess).
"""

from __future__ import annotations

from dataclasses import replace

from trading.matching.resting import Outcome, reducible_quantity
from trading.orders import Order, OrderStatus
from trading.paper_book import BookState, OrderChanged, VenueEvent
from trading.units import ZERO


def with_orphans(before: BookState, outcome: Outcome) -> Outcome:
    """What the engine made of a book, with the orders that lost their position still resting."""
    state, events = outcome
    kept: dict[str, Order] = {}
    told: list[VenueEvent] = []
    for event in events:
        if isinstance(event, OrderChanged) and _is_orphan(before, state, event.order):
            kept[event.order.venue_order_id] = before.orders[event.order.venue_order_id]
        else:
            told.append(event)
    return replace(state, orders={**state.orders, **kept}), told


def _is_orphan(before: BookState, after: BookState, order: Order) -> bool:
    request = order.request
    return (
        order.status is OrderStatus.EXPIRED
        and order.group_id is None
        and request.only_reduces
        and request.order_type.is_conditional
        and order.venue_order_id in before.orders
        and reducible_quantity(before, request) != ZERO
        and reducible_quantity(after, request) == ZERO
    )
