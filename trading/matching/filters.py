"""The venue's rules for taking an order, in the order in which they are asked.

Same filters, limits and codes as Aster (exchangeInfo filters and error list), so that paper
refuses what live would refuse: first the parameters, then the filters, then the trigger, then
reduce-only. Margin and leverage are judged after these, because they depend on the price the order
would get, and the room on the book last (`require_room`). Each rule raises `OrderRejected`.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from trading.errors import OrderRejected
from trading.instruments import Instrument
from trading.matching.parameters import (
    Submission,
    require_callback,
    require_client_id,
    require_fitting_parameters,
    require_known_words,
    require_numbers,
    require_precision,
)
from trading.matching.resting import reducible_quantity
from trading.orders import OrderType, Side
from trading.paper_book import BookState
from trading.units import ZERO, plain


def require_acceptable(submission: Submission) -> None:
    """Raise `OrderRejected` for the first broken rule of `RULES`."""
    for rule in RULES:
        rule(submission)


def require_room(state: BookState, instrument: Instrument, *, conditional: bool) -> None:
    """MAX_NUM_ORDERS (-2025) and MAX_NUM_ALGO_ORDERS (-4045) for one more order on the book.

    Exits that wait for their entry count: they must find room when it fills.
    """
    resting = [
        order
        for order in (*state.orders.values(), *state.waiting.values())
        if order.symbol == instrument.symbol
    ]
    if len(resting) >= instrument.max_open_orders:
        raise OrderRejected(-2025, f"Reach max open order limit: {len(resting)} are open.")
    stops = sum(order.is_conditional for order in resting)
    if conditional and stops >= instrument.max_conditional_orders:
        raise OrderRejected(-4045, f"Reach max stop order limit: {stops} are open.")


def _require_price_filter(submission: Submission) -> None:
    """PRICE_FILTER: price, stop price and activation price between bounds and on the tick."""
    request, instrument = submission.request, submission.instrument
    for name, price, below, above, off_tick in (
        ("price", request.price, -4013, -4002, -4014),
        ("stop price", request.stop_price, -4006, -4007, -4014),
        ("activation price", request.activation_price, -4135, -4135, -4135),
    ):
        if price is None:
            continue
        if price <= ZERO or price < instrument.min_price:
            raise OrderRejected(
                below, f"The {name} {plain(price)} is below {plain(instrument.min_price)}."
            )
        if ZERO < instrument.max_price < price:
            raise OrderRejected(
                above, f"The {name} {plain(price)} is above {plain(instrument.max_price)}."
            )
        if (price - instrument.min_price) % instrument.tick_size != ZERO:
            raise OrderRejected(
                off_tick,
                f"Price not increased by tick size: {name} {plain(price)},"
                f" tick {plain(instrument.tick_size)}.",
            )


def _require_lot(submission: Submission) -> None:
    """LOT_SIZE, or MARKET_LOT_SIZE of a market order."""
    request, instrument = submission.request, submission.instrument
    quantity = request.quantity
    if request.close_position:
        return
    least, largest, step = instrument.min_quantity, instrument.max_quantity, instrument.step_size
    if request.order_type is OrderType.MARKET:
        least = least if instrument.min_market_quantity is None else instrument.min_market_quantity
        step = step if instrument.market_step_size is None else instrument.market_step_size
        largest = instrument.max_market_quantity
    if quantity < least:
        raise OrderRejected(-4004, f"Quantity {plain(quantity)} is below {plain(least)}.")
    if quantity > largest:
        raise OrderRejected(-4005, f"Quantity {plain(quantity)} is above {plain(largest)}.")
    if quantity % step != ZERO:
        raise OrderRejected(
            -4023, f"Qty not increased by step size: {plain(quantity)}, step {plain(step)}."
        )


def _require_notional(submission: Submission) -> None:
    """MIN_NOTIONAL, at the mark for market orders; what only reduces is exempt."""
    request, smallest = submission.request, submission.instrument.min_notional
    if request.only_reduces:
        return
    price = request.price or request.stop_price or request.activation_price
    notional = request.quantity * (price or submission.quote.mark)
    if notional < smallest:
        raise OrderRejected(
            -4164, f"Order's notional {notional:.2f} must be no smaller than {plain(smallest)}."
        )


def _require_percent_price(submission: Submission) -> None:
    """PERCENT_PRICE: no limit far beyond the mark (the stop price of a stop limit), no such market."""
    request, quote = submission.request, submission.quote
    is_buy = request.side is Side.BUY
    if request.order_type is OrderType.MARKET:
        price, base, codes = (quote.ask if is_buy else quote.bid), quote.mark, (-4131, -4131)
    elif request.price is None:
        return
    elif request.stop_price is not None:
        price, base, codes = request.price, request.stop_price, (-4183, -4184)
    else:
        price, base, codes = request.price, quote.mark, (-4016, -4024)
    up, down = submission.instrument.multiplier_up, submission.instrument.multiplier_down
    if is_buy and up is not None and price > base * up:
        raise OrderRejected(
            codes[0], f"Price {plain(price)} is higher than the multiplier cap {plain(base * up)}."
        )
    if not is_buy and down is not None and price < base * down:
        raise OrderRejected(
            codes[1],
            f"Price {plain(price)} is lower than the multiplier floor {plain(base * down)}.",
        )


def _require_trigger_ahead(submission: Submission) -> None:
    """A conditional order waits for its trigger; a trailing stop for its activation."""
    request, now = submission.request, submission.price_now
    is_buy = request.side is Side.BUY
    if request.order_type is OrderType.TRAILING_STOP_MARKET:
        trigger, rises = request.activation_price, not is_buy
    else:
        trigger, rises = request.stop_price, request.order_type.is_stop == is_buy
    if trigger is not None and is_reached(now, trigger, rises=rises):
        raise OrderRejected(
            -2021,
            f"Order would immediately trigger: {request.order_type} {request.side} at"
            f" {plain(trigger)}, {request.trigger_by} price is {plain(now)}.",
        )


def is_reached(now: Decimal, trigger: Decimal, *, rises: bool) -> bool:
    """Whether a price that has to rise (or fall) to the trigger is there already."""
    return now >= trigger if rises else now <= trigger


def _require_something_to_reduce(submission: Submission) -> None:
    """What may only reduce needs a position on the other side."""
    request = submission.request
    if request.only_reduces and reducible_quantity(submission.state, request) == ZERO:
        raise OrderRejected(
            -2022, f"ReduceOnly Order is rejected: no position that a {request.side} would reduce."
        )


FORM: tuple[Callable[[Submission], None], ...] = (
    require_client_id,
    require_numbers,
    require_known_words,
    require_fitting_parameters,
    require_callback,
    require_precision,
    _require_price_filter,
    _require_lot,
    _require_notional,
    _require_percent_price,
)
"""What can be said of an order by itself and the prices of now."""

RULES: tuple[Callable[[Submission], None], ...] = (
    *FORM,
    _require_trigger_ahead,
    _require_something_to_reduce,
)
"""Form first, then the market, then the account's position: the first broken rule is reported."""
