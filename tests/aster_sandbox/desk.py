"""Orders at the counter: taken, cancelled, filled by hand. The rules are the matching engine's.

Where the engine refuses an order that the venue takes and lets expire (FOK, GTX), it expires here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from tests.aster_sandbox.order_words import Manners, read_order
from tests.aster_sandbox.refusals import VenueRefusal
from tests.aster_sandbox.users import Record, User, Words
from tests.aster_sandbox.venue import Venue
from tests.aster_sandbox.venue_time import WEEK_MS, ms_of
from trading.errors import OrderRejected
from trading.matching.amendments import cancel
from trading.matching.booking import Execution, fill_order
from trading.matching.resting import Outcome, end_order
from trading.matching.submission import Counter, accept, hand_over
from trading.orders import OrderRequest, OrderStatus, OrderType, Side
from trading.paper_book import OrderChanged, VenueEvent
from trading.paper_terms import PaperFees
from trading.units import ZERO, round_down

_NO_TAKER, _WOULD_TAKE = -5021, -5022
ADL_ID = "adl_autoclose"
"""Client id of what auto-deleveraging closes."""
_NO_FEES = PaperFees(maker=ZERO, taker=ZERO, slippage=ZERO)


def manners_of(venue: Venue, user: User) -> Manners:
    return Manners(
        symbols=frozenset(venue.markets),
        is_hedge=user.is_hedge,
        has_strict_flags=venue.settings.has_strict_flags,
    )


def read(
    venue: Venue, user: User, parameters: Mapping[str, str]
) -> tuple[OrderRequest, Words, Counter]:
    """The order that the parameters name, and the counter it goes to."""
    request, words = read_order(
        parameters, manners_of(venue, user), generated_id=f"web_{user.book.next_order_id}"
    )
    if venue.market(request.symbol).status != "TRADING":
        raise VenueRefusal(-4140, f"Invalid symbol status for opening position: {request.symbol}.")
    return request, words, venue.counter(request.symbol)


def check(venue: Venue, user: User, parameters: Mapping[str, str]) -> None:
    """Everything that placing would ask, and nothing of what it would do."""
    request, _, counter = read(venue, user, parameters)
    _taken(user, request, counter)


def place(venue: Venue, user: User, parameters: Mapping[str, str]) -> Record:
    """Take an order; it may be filled, resting or expired when this returns."""
    request, words, counter = read(venue, user, parameters)
    outcome = _taken(user, request, counter)
    if request.order_type is OrderType.MARKET and venue.fill_plans:
        shares, is_waiting = venue.fill_plans.pop(0)
        outcome = _in_pieces(user, request, counter, shares, is_waiting=is_waiting)
    number = user.book.next_order_id
    venue.post(user, outcome, {request.client_order_id: words})
    return user.records[number]


def find(user: User, parameters: Mapping[str, str], refusal: VenueRefusal) -> Record:
    """The order with the id that is asked for, of that symbol; raises `refusal` without one."""
    number, client_id = parameters.get("orderId", ""), parameters.get("origClientOrderId", "")
    if not number and not client_id:
        raise VenueRefusal(
            -1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
        )
    found = (
        user.records.get(int(number))
        if number.isascii() and number.isdigit()
        else user.record_of_client_id(client_id)
    )
    if found is None or found.order.symbol != parameters.get("symbol"):
        raise refusal
    return found


def is_forgotten(venue: Venue, record: Record) -> bool:
    """What ended without a fill is kept for seven days."""
    order = record.order
    ended_empty = order.status in (OrderStatus.CANCELED, OrderStatus.EXPIRED) and (
        order.filled_quantity == ZERO
    )
    return ended_empty and venue.time.now_ms - ms_of(order.updated_at) > WEEK_MS


def cancel_order(venue: Venue, user: User, parameters: Mapping[str, str]) -> Record:
    """Cancel one open order; -2011 for any other."""
    unknown = VenueRefusal(-2011, "Unknown order sent.")
    record = find(user, parameters, unknown)
    try:
        outcome = cancel(user.book, record.order.request.client_order_id, venue.time.instant())
    except OrderRejected:
        raise unknown from None
    if not _is_about(outcome, record):
        raise unknown
    venue.post(user, outcome)
    return record


def cancel_all(venue: Venue, user: User, symbol: str) -> int:
    """Cancel every open order of a symbol; says how many there were."""
    orders = [
        order
        for order in (*user.book.orders.values(), *user.book.waiting.values())
        if order.symbol == symbol
    ]
    for order in orders:
        if order.venue_order_id in {**user.book.orders, **user.book.waiting}:
            venue.post(
                user, end_order(user.book, order, OrderStatus.CANCELED, venue.time.instant())
            )
    return len(orders)


def fill_by_hand(
    venue: Venue, user: User, client_order_id: str, quantity: Decimal, price: Decimal | None = None
) -> None:
    """Execute part of an open order, as a maker at its own price unless another is given."""
    record = user.record_of_client_id(client_order_id)
    if record is None or record.order.venue_order_id not in user.book.orders:
        raise VenueRefusal(-2011, "Unknown order sent.")
    order = user.book.orders[record.order.venue_order_id]
    at = price or order.request.price or venue.market(order.symbol).last
    execution = Execution(
        price=at,
        is_maker=order.rests_as_limit,
        at=venue.time.instant(),
        quantity=quantity,
    )
    venue.post(user, fill_order(user.book, order, execution))


def auto_deleverage(venue: Venue, user: User, symbol: str, quantity: Decimal | None = None) -> None:
    """Take a position away, or part of it, at the mark: the venue's last means, without a fee."""
    position = user.book.positions.get(symbol)
    if position is None:
        raise VenueRefusal(-2022, f"ReduceOnly Order is rejected: no position in {symbol}.")
    request = OrderRequest(
        symbol=symbol,
        side=position.exit_side,
        order_type=OrderType.MARKET,
        client_order_id=ADL_ID,
        quantity=quantity or abs(position.quantity),
        reduce_only=True,
    )
    fees, at = user.book.fees, venue.time.instant()
    state, order = accept(replace(user.book, fees=_NO_FEES), request, at)
    execution = Execution(price=venue.market(symbol).mark, is_maker=False, at=at)
    state, events = fill_order(state, order, execution)
    venue.post(user, (replace(state, fees=fees), events))


def _taken(user: User, request: OrderRequest, counter: Counter) -> Outcome:
    try:
        return hand_over(user.book, request, counter)
    except OrderRejected as refused:
        if refused.code not in (_NO_TAKER, _WOULD_TAKE):
            raise VenueRefusal(refused.code, refused.text) from None
    state, order = accept(user.book, request, counter.at)
    return end_order(state, order, OrderStatus.EXPIRED, counter.at)


def _in_pieces(
    user: User,
    request: OrderRequest,
    counter: Counter,
    shares: tuple[Decimal, ...],
    *,
    is_waiting: bool,
) -> Outcome:
    """A market order in several fills; what is left waits, or expires."""
    state, order = accept(user.book, request, counter.at)
    price = counter.quote.ask if request.side is Side.BUY else counter.quote.bid
    events: list[VenueEvent] = []
    for share in shares:
        piece = round_down(request.quantity * share, counter.instrument.step_size)
        execution = Execution(price=price, is_maker=False, at=counter.at, quantity=piece)
        state, more = fill_order(state, order, execution)
        events += more
        if order.venue_order_id not in state.orders:
            return state, events
        order = state.orders[order.venue_order_id]
    if not is_waiting:
        state, more = end_order(state, order, OrderStatus.EXPIRED, counter.at)
        events += more
    return state, events


def _is_about(outcome: Outcome, record: Record) -> bool:
    """Client ids come back: a cancel by number must not hit a later order of the same name."""
    return any(
        isinstance(event, OrderChanged)
        and event.order.venue_order_id == record.order.venue_order_id
        for event in outcome[1]
    )
