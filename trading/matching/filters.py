"""The venue's rules for taking an order, in the order in which they are asked.

Same filters, limits and codes as Aster (exchangeInfo filters and error list), so that paper
refuses what live would refuse. Each rule raises `OrderRejected` with Aster's code; margin and
leverage are judged afterwards, because they depend on the price the order would get.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from trading.errors import OrderRejected
from trading.instruments import Instrument
from trading.market import Quote
from trading.matching.booking import reducible_quantity
from trading.orders import OrderRequest, OrderType, Side
from trading.paper_book import BookState
from trading.units import ZERO, plain

CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """An order at the venue's door, with all that the rules look at."""

    state: BookState
    request: OrderRequest
    instrument: Instrument
    quote: Quote

    def __post_init__(self) -> None:
        for symbol in (self.instrument.symbol, self.quote.symbol):
            if symbol != self.request.symbol:
                raise OrderRejected(
                    -1121, f"Invalid symbol: order for {self.request.symbol}, market is {symbol}."
                )


def require_acceptable(submission: Submission) -> None:
    """Raise `OrderRejected` for the first broken rule of `RULES`."""
    for rule in RULES:
        rule(submission)


def _require_client_id(submission: Submission) -> None:
    given = submission.request.client_order_id
    if CLIENT_ID.fullmatch(given) is None:
        raise OrderRejected(
            -4015, f"Client order id {given!r} must be 1 to 36 of A-Z a-z 0-9 . : / _ -"
        )
    # Unique among open orders only, as at Aster: the stored intent is the guard against repeats.
    open_ids = {order.request.client_order_id for order in submission.state.orders.values()}
    if given in open_ids:
        raise OrderRejected(-4116, f"ClientOrderId is duplicated: {given} is open.")


def _require_numbers(submission: Submission) -> None:
    request = submission.request
    for name in ("quantity", "price", "stop_price"):
        value: Decimal | None = getattr(request, name)
        if value is not None and not value.is_finite():
            raise OrderRejected(-1100, f"Illegal characters found in parameter {name}.")


def _require_price_on_tick(submission: Submission) -> None:
    request, tick = submission.request, submission.instrument.tick_size
    for name, price, below in (
        ("price", request.price, -4013),
        ("stop price", request.stop_price, -4006),
    ):
        if price is None:
            continue
        if price <= ZERO:
            raise OrderRejected(below, f"The {name} {plain(price)} is not positive.")
        if price % tick != ZERO:
            raise OrderRejected(
                -4014,
                f"Price not increased by tick size: {name} {plain(price)}, tick {plain(tick)}.",
            )


def _require_lot(submission: Submission) -> None:
    request, instrument = submission.request, submission.instrument
    quantity = request.quantity
    is_market = request.order_type is OrderType.MARKET
    largest = instrument.max_market_quantity if is_market else instrument.max_quantity
    if quantity < instrument.min_quantity:
        raise OrderRejected(
            -4003, f"Quantity {plain(quantity)} is below {plain(instrument.min_quantity)}."
        )
    if quantity > largest:
        raise OrderRejected(-4005, f"Quantity {plain(quantity)} is above {plain(largest)}.")
    if quantity % instrument.step_size != ZERO:
        raise OrderRejected(
            -4023,
            f"Qty not increased by step size: {plain(quantity)}, step {plain(instrument.step_size)}.",
        )


def _require_something_to_reduce(submission: Submission) -> None:
    request = submission.request
    if request.reduce_only and reducible_quantity(submission.state, request) == ZERO:
        raise OrderRejected(
            -2022, f"ReduceOnly Order is rejected: no position that a {request.side} would reduce."
        )


def _require_notional(submission: Submission) -> None:
    request, smallest = submission.request, submission.instrument.min_notional
    if request.reduce_only:
        return
    notional = request.quantity * (request.price or request.stop_price or submission.quote.mark)
    if notional < smallest:
        raise OrderRejected(
            -4164, f"Order's notional {notional:.2f} must be no smaller than {plain(smallest)}."
        )


def _require_room_on_the_book(submission: Submission) -> None:
    request, instrument = submission.request, submission.instrument
    if request.order_type is OrderType.MARKET:
        return
    resting = [o for o in submission.state.orders.values() if o.symbol == request.symbol]
    if len(resting) >= instrument.max_open_orders:
        raise OrderRejected(-2025, f"Reach max open order limit: {len(resting)} are open.")
    conditional = sum(order.request.order_type.is_conditional for order in resting)
    if request.order_type.is_conditional and conditional >= instrument.max_conditional_orders:
        raise OrderRejected(-4045, f"Reach max stop order limit: {conditional} are open.")


def _require_trigger_ahead(submission: Submission) -> None:
    request, last = submission.request, submission.quote.last
    if not request.order_type.is_conditional or request.stop_price is None:
        return
    rises = (request.order_type is OrderType.STOP_MARKET) == (request.side is Side.BUY)
    if last >= request.stop_price if rises else last <= request.stop_price:
        raise OrderRejected(
            -2021,
            f"Order would immediately trigger: {request.order_type} {request.side} at"
            f" {plain(request.stop_price)}, last price is {plain(last)}.",
        )


RULES: tuple[Callable[[Submission], None], ...] = (
    _require_client_id,
    _require_numbers,
    _require_price_on_tick,
    _require_lot,
    _require_something_to_reduce,
    _require_notional,
    _require_room_on_the_book,
    _require_trigger_ahead,
)
"""Form first, then the account's position, then the market: the first broken rule is reported."""
