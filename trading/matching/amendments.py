"""Changing what stands on the book: orders taken away, leverage, margin mode, money moved.

All refuse by Aster's codes and change nothing then. Amounts are quote.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from trading.errors import OrderRejected
from trading.instruments import Instrument
from trading.matching.booking import leverage_refusal
from trading.matching.margin import free_margin, order_margin
from trading.matching.resting import Outcome, end_order
from trading.orders import OrderStatus
from trading.paper_book import BookState, FundsMoved
from trading.positions import MarginMode, Position
from trading.units import ZERO, plain


def cancel(state: BookState, client_order_id: str, at: datetime) -> Outcome:
    """Cancel the open order with that client id; the first event carries its final form.

    Of a group only this order goes, so that a stop can be replaced while the target stays; an
    entry that has filled nothing takes its waiting exits along.

    Raises
    ------
    OrderRejected
        -2011: no open order has the id (filled, expired and cancelled orders included).
    """
    for order in (*state.orders.values(), *state.waiting.values()):
        if order.request.client_order_id == client_order_id:
            return end_order(state, order, OrderStatus.CANCELED, at)
    raise OrderRejected(-2011, f"Unknown order sent: {client_order_id} is not open.")


def set_leverage(state: BookState, symbol: str, leverage: int, instrument: Instrument) -> BookState:
    """The state in which `symbol` has that leverage (whole number >= 1).

    An isolated position keeps its own: the venue refuses less, and more would release margin that
    stands behind it. A cross position changes with the setting, and its margin with it.

    Raises
    ------
    OrderRejected
        -4028: outside the instrument's brackets. -4161: an isolated position is open at another
        leverage. -2027: the cross position is too large for it. -2019: the position or the resting
        orders of the symbol would need more margin than is free.
    """
    largest = max(row.max_leverage for row in instrument.brackets)
    if not 1 <= leverage <= largest:
        raise OrderRejected(
            -4028, f"Leverage {leverage} is not valid: {symbol} allows 1 to {largest}."
        )
    after = replace(state, leverage={**state.leverage, symbol: leverage})
    position = state.positions.get(symbol)
    if position is not None and position.leverage != leverage:
        after = _with_leverage(after, position, leverage, instrument)
    needs_more = order_margin(after) > order_margin(state) or (
        position is not None and after.positions[symbol].isolated_margin > position.isolated_margin
    )
    if needs_more and free_margin(after) < ZERO:
        raise OrderRejected(-2019, f"Margin is insufficient for {symbol} at leverage {leverage}.")
    return after


def _with_leverage(
    state: BookState, position: Position, leverage: int, instrument: Instrument
) -> BookState:
    symbol = position.symbol
    if position.margin_mode is MarginMode.ISOLATED:
        raise OrderRejected(
            -4161, f"Leverage of {symbol} stays {position.leverage} while a position is open."
        )
    refusal = leverage_refusal(instrument, position.notional(state.marks[symbol]), leverage)
    if refusal is not None:
        raise refusal
    changed = replace(
        position,
        leverage=leverage,
        isolated_margin=abs(position.quantity) * position.entry_price / leverage,
    )
    return replace(state, positions={**state.positions, symbol: changed})


def set_margin_mode(state: BookState, symbol: str, mode: MarginMode) -> BookState:
    """The state in which new positions in `symbol` are opened in that mode.

    Raises
    ------
    OrderRejected
        -4046: it is the mode already. -4047: orders are open. -4048: a position is open.
    """
    if state.margin_modes.get(symbol, MarginMode.ISOLATED) is mode:
        raise OrderRejected(-4046, f"No need to change margin type: {symbol} is {mode}.")
    open_orders = (*state.orders.values(), *state.waiting.values())
    if any(order.symbol == symbol for order in open_orders):
        raise OrderRejected(
            -4047, f"Margin type of {symbol} cannot be changed while orders are open."
        )
    if symbol in state.positions:
        raise OrderRejected(
            -4048, f"Margin type of {symbol} cannot be changed while a position is open."
        )
    return replace(state, margin_modes={**state.margin_modes, symbol: mode})


def move_funds(state: BookState, amount: Decimal, at: datetime) -> Outcome:
    """Pay `amount` into the account (negative: out of it). It is neither profit nor loss.

    Raises
    ------
    OrderRejected
        -2018: more would leave than is free. -1100: `amount` is zero or no number.
    """
    if not amount.is_finite() or amount == ZERO:
        raise OrderRejected(-1100, f"Illegal amount {amount}: funds move by a number, not zero.")
    after = replace(state, wallet=state.wallet + amount, next_tran_id=state.next_tran_id + 1)
    if amount < ZERO and free_margin(after) < ZERO:
        raise OrderRejected(
            -2018,
            f"Balance is insufficient: {plain(-amount)} asked, {free_margin(state):.2f} is free.",
        )
    return after, [FundsMoved(tran_id=str(state.next_tran_id), amount=amount, at=at)]
