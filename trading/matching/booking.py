"""What an execution does to the books, and when the venue would not let it. Amounts are quote.

The only place where a plain fill moves the wallet: wallet += realised - fee, so that wallet -
start = realised - fees + funding + transfers after every step. A reduce-only order is cut to the
position it finds, and its final form says the cut quantity, as the venue's does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from trading.errors import OrderRejected
from trading.instruments import Instrument
from trading.matching.margin import free_margin, leverage_of, margin_mode_of
from trading.matching.resting import (
    Outcome,
    drop_order,
    end_order,
    held_quantity,
    orphans_expired,
    put_order,
    wanted_quantity,
)
from trading.matching.siblings import follow_fill
from trading.orders import Fill, Order, OrderStatus
from trading.paper_book import BookState, OrderChanged, OrderFilled
from trading.positions import FillEffect, MarginMode, Position, apply_fill
from trading.units import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """How an order is executed: at which price (quote per base), as what, when, and how much."""

    price: Decimal
    is_maker: bool
    at: datetime
    quantity: Decimal | None = None
    """At most so much (base); None: all that is left of the order."""


def fill_order(state: BookState, order: Order, execution: Execution) -> Outcome:
    """Execute `order`, whole or in part; a reduce-only one with nothing to reduce expires."""
    wanted = wanted_quantity(state, order)
    quantity = wanted if execution.quantity is None else min(wanted, execution.quantity)
    if quantity == ZERO:
        return end_order(state, order, OrderStatus.EXPIRED, execution.at)
    symbol, at = order.symbol, execution.at
    effect = apply_fill(
        state.positions.get(symbol),
        symbol=symbol,
        side=order.request.side,
        quantity=quantity,
        price=execution.price,
        leverage=leverage_of(state, symbol),
        margin_mode=margin_mode_of(state, symbol),
        at=at,
    )
    fill = _fill_of(state, order, execution, quantity=quantity, effect=effect)
    filled = _filled(order, quantity, execution, is_done=quantity == wanted)
    after = replace(
        with_position(state, symbol, effect.position, mark=execution.price),
        wallet=state.wallet + fill.realized_pnl - fill.fee,
        next_trade_id=state.next_trade_id + 1,
    )
    after = drop_order(after, order) if quantity == wanted else put_order(after, filled)
    after, followed = follow_fill(after, filled, filled=quantity, price=execution.price, at=at)
    after, expired = orphans_expired(after, symbol, at)
    return after, [OrderChanged(order=filled), OrderFilled(fill=fill), *followed, *expired]


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


def with_position(
    state: BookState, symbol: str, position: Position | None, *, mark: Decimal
) -> BookState:
    """The books with that position; `mark` is the price at which a cross position is known."""
    positions = {name: held for name, held in state.positions.items() if name != symbol}
    marks = {name: known for name, known in state.marks.items() if name != symbol}
    if position is not None:
        positions[symbol] = position
        if position.margin_mode is MarginMode.CROSS:
            marks[symbol] = mark
    return replace(state, positions=positions, marks=marks)


def _filled(order: Order, quantity: Decimal, execution: Execution, *, is_done: bool) -> Order:
    total = order.filled_quantity + quantity
    spent = (order.average_price or ZERO) * order.filled_quantity + execution.price * quantity
    return replace(
        order,
        request=replace(order.request, quantity=total) if is_done else order.request,
        status=OrderStatus.FILLED if is_done else OrderStatus.PARTIALLY_FILLED,
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
