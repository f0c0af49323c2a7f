"""Taking an order: it is refused by name, executed at once, or rests on the book.

A market order fills as a taker at a price of the book's slippage policy. A limit order that the
other side of the book already reaches does the same, but never beyond its own price; what it does
not get at once rests (GTC) or expires (IOC). Refusals leave no trace in the state. Prices are
quote per base.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from trading.errors import OrderRejected
from trading.instruments import Instrument
from trading.market import OrderBook, Quote
from trading.matching.booking import (
    Execution,
    fill_order,
    leverage_refusal,
    margin_refusal,
    opening_refusal,
)
from trading.matching.filters import require_acceptable, require_room
from trading.matching.margin import free_margin, leverage_of, order_margin
from trading.matching.parameters import Submission
from trading.matching.resting import Outcome, end_order, held_quantity, put_order, wanted_quantity
from trading.matching.slippage import taker_fill
from trading.matching.trailing import followed
from trading.matching.triggering import is_marketable
from trading.orders import (
    GroupRole,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    PriceKind,
    Side,
    TimeInForce,
)
from trading.paper_book import BookState, OrderChanged
from trading.units import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """Where and when an order is handed in."""

    instrument: Instrument
    quote: Quote
    at: datetime
    book: OrderBook | None = None
    """For the `depth` policy; None where the market has none."""


def submit(
    state: BookState,
    request: OrderRequest,
    *,
    instrument: Instrument,
    quote: Quote,
    at: datetime,
    book: OrderBook | None = None,
) -> Outcome:
    """Take an order at market time `at`; the first event carries the order as accepted or filled.

    Raises
    ------
    OrderRejected
        With Aster's code: a rule of `trading.matching.filters`, -5022 (post-only would take),
        -5021 (fill-or-kill cannot fill), -2019 (margin), -2027 (leverage above the bracket), -2025
        or -4045 (no room on the book). Nothing has changed then.
    """
    return hand_over(state, request, Counter(instrument=instrument, quote=quote, at=at, book=book))


def hand_over(state: BookState, request: OrderRequest, counter: Counter) -> Outcome:
    """The same with what is known at the counter in one record."""
    require_acceptable(submission_of(state, request, counter))
    state, order = accept(state, request, counter.at)
    return hand_in(state, order, counter)


def submission_of(state: BookState, request: OrderRequest, counter: Counter) -> Submission:
    """What the rules look at."""
    return Submission(
        state=state, request=request, instrument=counter.instrument, quote=counter.quote
    )


def accept(
    state: BookState,
    request: OrderRequest,
    at: datetime,
    *,
    group_id: str | None = None,
    role: GroupRole | None = None,
) -> tuple[BookState, Order]:
    """The order with the next number of the book; it rests nowhere yet."""
    order = Order(
        venue_order_id=str(state.next_order_id),
        request=request,
        status=OrderStatus.NEW,
        filled_quantity=ZERO,
        average_price=None,
        created_at=at,
        updated_at=at,
        group_id=group_id,
        group_role=role,
    )
    return replace(state, next_order_id=state.next_order_id + 1), order


def hand_in(state: BookState, order: Order, counter: Counter) -> Outcome:
    """Execute an accepted order, rest it, or both. Raises `OrderRejected` as `submit` does."""
    request, quote = order.request, counter.quote
    if request.order_type is OrderType.MARKET:
        return _take(state, order, counter, limit=None)
    if request.order_type is not OrderType.LIMIT or request.price is None:
        return _rest(state, order, counter)
    opposite = quote.ask if request.side is Side.BUY else quote.bid
    if is_marketable(request.price, request.side, opposite):
        if request.time_in_force is TimeInForce.GTX:
            raise OrderRejected(
                -5022, f"Post Only order will be rejected: it would take at {opposite}."
            )
        return _take(state, order, counter, limit=request.price)
    return _wait(state, order, counter)


def _take(state: BookState, order: Order, counter: Counter, *, limit: Decimal | None) -> Outcome:
    """Execute at once what the other side gives; `limit` is the worst price, None for any."""
    wanted = wanted_quantity(state, order)
    got = taker_fill(
        state,
        order.request.side,
        wanted,
        quote=counter.quote,
        book=counter.book,
        instrument=counter.instrument,
        limit=limit,
    )
    if got.quantity == ZERO:
        return _wait(state, order, counter)
    execution = Execution(price=got.price, is_maker=False, at=counter.at, quantity=got.quantity)
    after, events = fill_order(state, order, execution)
    refusal = opening_refusal(state, after, instrument=counter.instrument, price=got.price)
    if refusal is not None:
        raise refusal
    left = after.orders.get(order.venue_order_id)
    if left is None:
        return after, events
    after, more = _wait(after, left, counter)
    return after, [*events, *more]


def _wait(state: BookState, order: Order, counter: Counter) -> Outcome:
    """A limit order, or what is left of it, that finds nobody now."""
    force = order.request.time_in_force
    if force is TimeInForce.FOK:
        raise OrderRejected(
            -5021,
            f"Due to the order could not be filled immediately, the FOK order has been rejected:"
            f" {order.request.client_order_id}.",
        )
    if force is TimeInForce.IOC:
        return end_order(state, order, OrderStatus.EXPIRED, counter.at)
    return _rest(state, order, counter)


def _rest(state: BookState, order: Order, counter: Counter) -> Outcome:
    before = state
    order = followed(order, _price_now(order.request, counter.quote))
    state = put_order(state, order)
    if order.rests_as_limit and not order.request.only_reduces:
        _require_reservable(before, state, order, counter.instrument)
    if order.filled_quantity == ZERO:  # what has filled in part is on the book already
        require_room(before, counter.instrument, conditional=order.is_conditional)
    return state, [OrderChanged(order=order)]


def _price_now(request: OrderRequest, quote: Quote) -> Decimal:
    return quote.mark if request.trigger_by is PriceKind.MARK else quote.last


def _require_reservable(
    before: BookState, after: BookState, order: Order, instrument: Instrument
) -> None:
    """A resting limit that could grow the account must find its margin and fee free already."""
    if order_margin(after) <= order_margin(before):
        return
    price = order.request.price or ZERO
    refusal = leverage_refusal(
        instrument, _largest_quantity(after, order) * price, leverage_of(after, order.symbol)
    ) or margin_refusal(free_margin(after) - order.remaining * price * after.fees.maker)
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
            and other.rests_as_limit
            and not other.request.only_reduces
        ),
        ZERO,
    )
    return abs(held_quantity(state, order.symbol) + waiting * side.sign)
