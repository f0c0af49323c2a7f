"""Taking an order: it is refused by name, executed at once, or rests on the book.

A market order fills at the last price worsened by slippage, as a taker. A limit order that the
other side of the book already reaches does the same, but never beyond its own price. Refusals
leave no trace in the state. Prices are quote per base.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from trading.instruments import Instrument
from trading.market import Quote
from trading.matching.booking import (
    Execution,
    fill_order,
    held_quantity,
    leverage_refusal,
    margin_refusal,
    opening_refusal,
)
from trading.matching.filters import Submission, require_acceptable
from trading.matching.levels import taker_price
from trading.matching.margin import free_margin, leverage_of, order_margin
from trading.orders import Order, OrderRequest, OrderStatus, OrderType, Side
from trading.paper_book import BookState, OrderChanged, VenueEvent
from trading.units import ZERO


def submit(
    state: BookState,
    request: OrderRequest,
    *,
    instrument: Instrument,
    quote: Quote,
    at: datetime,
) -> tuple[BookState, list[VenueEvent]]:
    """Take an order at market time `at`; the first event carries the order as accepted or filled.

    Raises
    ------
    OrderRejected
        With Aster's code: a filter of `trading.matching.filters`, -2019 (margin) or -2027
        (leverage above the bracket). Nothing has changed then.
    """
    require_acceptable(Submission(state=state, request=request, instrument=instrument, quote=quote))
    order = Order(
        venue_order_id=str(state.next_order_id),
        request=request,
        status=OrderStatus.NEW,
        filled_quantity=ZERO,
        average_price=None,
        created_at=at,
        updated_at=at,
    )
    accepted = replace(state, next_order_id=state.next_order_id + 1)
    price = _immediate_price(accepted, request, instrument=instrument, quote=quote)
    if price is None:
        return _rest(accepted, order, instrument)
    return _execute(accepted, order, price, instrument)


def _immediate_price(
    state: BookState, request: OrderRequest, *, instrument: Instrument, quote: Quote
) -> Decimal | None:
    """What the order would get right now; None when it has to wait."""
    worsened = taker_price(quote.last, request.side, fees=state.fees, tick=instrument.tick_size)
    if request.order_type is OrderType.MARKET:
        return worsened
    if request.order_type is not OrderType.LIMIT or request.price is None:
        return None
    if request.side is Side.BUY:
        return min(request.price, worsened) if request.price >= quote.ask else None
    return max(request.price, worsened) if request.price <= quote.bid else None


def _execute(
    state: BookState, order: Order, price: Decimal, instrument: Instrument
) -> tuple[BookState, list[VenueEvent]]:
    execution = Execution(price=price, is_maker=False, at=order.created_at)
    after, events = fill_order(state, order, execution)
    refusal = opening_refusal(state, after, instrument=instrument, price=price)
    if refusal is not None:
        raise refusal
    return after, events


def _rest(
    state: BookState, order: Order, instrument: Instrument
) -> tuple[BookState, list[VenueEvent]]:
    after = replace(state, orders={**state.orders, order.venue_order_id: order})
    request = order.request
    if request.order_type is OrderType.LIMIT and not request.reduce_only:
        _require_reservable(state, after, order, instrument)
    return after, [OrderChanged(order=order)]


def _require_reservable(
    before: BookState, after: BookState, order: Order, instrument: Instrument
) -> None:
    """A resting limit that could grow the account must find its margin and fee free already."""
    if order_margin(after) <= order_margin(before):
        return
    price = order.request.price or ZERO
    refusal = leverage_refusal(
        instrument, _largest_quantity(after, order) * price, leverage_of(after, order.symbol)
    ) or margin_refusal(free_margin(after) - order.request.quantity * price * after.fees.maker)
    if refusal is not None:
        raise refusal


def _largest_quantity(state: BookState, order: Order) -> Decimal:
    """Size of the position if every resting limit on this side were filled (base)."""
    side = order.request.side
    waiting = sum(
        (
            other.remaining
            for other in state.orders.values()
            if other.symbol == order.symbol
            and other.request.side is side
            and other.request.order_type is OrderType.LIMIT
            and not other.request.reduce_only
        ),
        ZERO,
    )
    return abs(held_quantity(state, order.symbol) + waiting * side.sign)
