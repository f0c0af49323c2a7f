"""The orders that the events of a paper book are about."""

from __future__ import annotations

from trading.orders import Order
from trading.paper_book import OrderChanged, VenueEvent


def first_order(events: list[VenueEvent]) -> Order:
    """The order that an event list is about."""
    return next(event.order for event in events if isinstance(event, OrderChanged))


def orders_of(events: list[VenueEvent], first: int, end: int) -> tuple[Order, ...]:
    """The orders with the numbers from `first` up to `end`, as the events left them."""
    changed = {e.order.venue_order_id: e.order for e in events if isinstance(e, OrderChanged)}
    return tuple(changed[str(number)] for number in range(first, end))
