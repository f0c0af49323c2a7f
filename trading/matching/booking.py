"""What an execution, an end of life or a lost position does to the books. Amounts are quote.

The only place where a plain fill moves the wallet: wallet += realised - fee, so that wallet -
start = realised - fees + funding after every step. An order is executed whole; a reduce-only one
is cut to the position it finds, and its final form says the cut quantity, as the venue's does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from trading.errors import OrderRejected
from trading.instruments import Instrument
from trading.matching.margin import free_margin, leverage_of
from trading.orders import Fill, Order, OrderRequest, OrderStatus
from trading.paper_book import BookState, OrderChanged, OrderFilled, VenueEvent
from trading.positions import FillEffect, Position, apply_fill
from trading.units import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """How an order is executed: at which price (quote per base), as what, and when."""

    price: Decimal
    is_maker: bool
    at: datetime


def held_quantity(state: BookState, symbol: str) -> Decimal:
    """Signed base quantity of the open position, zero when flat."""
    position = state.positions.get(symbol)
    return ZERO if position is None else position.quantity


def reducible_quantity(state: BookState, request: OrderRequest) -> Decimal:
    """How much of the open position an order on this side would close (base, magnitude)."""
    return max(ZERO, -held_quantity(state, request.symbol) * request.side.sign)


def fill_order(
    state: BookState, order: Order, execution: Execution
) -> tuple[BookState, list[VenueEvent]]:
    """Execute all that is left of `order`; a reduce-only order with nothing to reduce expires."""
    quantity = order.remaining
    if order.request.reduce_only:
        quantity = min(quantity, reducible_quantity(state, order.request))
    if quantity == ZERO:
        return end_order(state, order, OrderStatus.EXPIRED, execution.at)
    effect = apply_fill(
        state.positions.get(order.symbol),
        symbol=order.symbol,
        side=order.request.side,
        quantity=quantity,
        price=execution.price,
        leverage=leverage_of(state, order.symbol),
        at=execution.at,
    )
    fill = _fill_of(state, order, execution, quantity=quantity, effect=effect)
    after = replace(
        _with_position(state, order.symbol, effect.position),
        wallet=state.wallet + fill.realized_pnl - fill.fee,
        orders=_without_order(state, order),
        next_trade_id=state.next_trade_id + 1,
    )
    after, expired = orphans_expired(after, order.symbol, execution.at)
    done = _filled(order, quantity, execution)
    return after, [OrderChanged(order=done), OrderFilled(fill=fill), *expired]


def end_order(
    state: BookState, order: Order, status: OrderStatus, at: datetime
) -> tuple[BookState, list[VenueEvent]]:
    """Take `order` off the book as canceled or expired."""
    ended = replace(order, status=status, updated_at=at)
    return replace(state, orders=_without_order(state, order)), [OrderChanged(order=ended)]


def orphans_expired(
    state: BookState, symbol: str, at: datetime
) -> tuple[BookState, list[VenueEvent]]:
    """Expire reduce-only orders that have no position to reduce any more.

    A stop that outlives its position would close, or fight, the next one.
    """
    events: list[VenueEvent] = []
    for order in state.orders.values():
        request = order.request
        if (
            order.symbol == symbol
            and request.reduce_only
            and reducible_quantity(state, request) == ZERO
        ):
            state, expired = end_order(state, order, OrderStatus.EXPIRED, at)
            events += expired
    return state, events


def opening_refusal(
    before: BookState, after: BookState, *, instrument: Instrument, price: Decimal
) -> OrderRejected | None:
    """Why the venue would not let a fill take the account from `before` to `after`, or None.

    Only growth is judged: a fill that shrinks or closes a position always passes.
    """
    symbol = instrument.symbol
    position = after.positions.get(symbol)
    held = held_quantity(before, symbol)
    if position is None or (
        position.quantity * held > ZERO and abs(position.quantity) <= abs(held)
    ):
        return None
    return leverage_refusal(
        instrument, position.notional(price), position.leverage
    ) or margin_refusal(free_margin(after))


def leverage_refusal(
    instrument: Instrument, notional: Decimal, leverage: int
) -> OrderRejected | None:
    """-2027 when the venue's bracket for `notional` (quote) does not allow `leverage`."""
    allowed = instrument.bracket_for(notional).max_leverage
    if leverage <= allowed:
        return None
    return OrderRejected(
        -2027,
        f"Exceeded the maximum allowable position at current leverage: {instrument.symbol} notional"
        f" {notional:.2f} allows leverage {allowed}, set is {leverage}.",
    )


def margin_refusal(left: Decimal) -> OrderRejected | None:
    """-2019 when an order would leave less than nothing free (`left`, quote)."""
    if left >= ZERO:
        return None
    return OrderRejected(-2019, f"Margin is insufficient: {-left:.2f} more is needed.")


def without_position(state: BookState, symbol: str) -> BookState:
    """The books with the position of `symbol` gone."""
    return _with_position(state, symbol, None)


def _with_position(state: BookState, symbol: str, position: Position | None) -> BookState:
    positions = {name: held for name, held in state.positions.items() if name != symbol}
    if position is not None:
        positions[symbol] = position
    return replace(state, positions=positions)


def _without_order(state: BookState, order: Order) -> dict[str, Order]:
    return {key: kept for key, kept in state.orders.items() if key != order.venue_order_id}


def _filled(order: Order, quantity: Decimal, execution: Execution) -> Order:
    total = order.filled_quantity + quantity
    spent = (order.average_price or ZERO) * order.filled_quantity + execution.price * quantity
    return replace(
        order,
        request=replace(order.request, quantity=total),
        status=OrderStatus.FILLED,
        filled_quantity=total,
        average_price=spent / total,
        updated_at=execution.at,
    )


def _fill_of(
    state: BookState, order: Order, execution: Execution, *, quantity: Decimal, effect: FillEffect
) -> Fill:
    rate = state.fees.maker if execution.is_maker else state.fees.taker
    return Fill(
        trade_id=str(state.next_trade_id),
        venue_order_id=order.venue_order_id,
        client_order_id=order.request.client_order_id,
        symbol=order.symbol,
        side=order.request.side,
        quantity=quantity,
        price=execution.price,
        fee=execution.price * quantity * rate,
        realized_pnl=effect.realized_pnl,
        is_maker=execution.is_maker,
        filled_at=execution.at,
    )
