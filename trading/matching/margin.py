"""What margin an account has, has set aside, and may still use. All amounts are quote.

Initial margin = entry notional / leverage, released in proportion when a position shrinks. In
isolated mode it is all that a liquidation may cost, so unrealised PnL never adds to what is free;
in cross mode profit and loss at the last known price count at once. Resting limit orders reserve
the margin of the part that would grow the account; conditional ones are tested when they trigger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from trading.errors import BadMarketData
from trading.orders import Order, Side
from trading.paper_book import BookState
from trading.ports import Balance
from trading.positions import MarginMode, Position
from trading.units import ZERO

DEFAULT_LEVERAGE = 1
"""Of a symbol for which the account has set none: no borrowed money unless it was asked for."""


def leverage_of(state: BookState, symbol: str) -> int:
    """The leverage in force: that of the open position, else what the account has set."""
    position = state.positions.get(symbol)
    if position is not None:
        return position.leverage
    return state.leverage.get(symbol, DEFAULT_LEVERAGE)


def margin_mode_of(state: BookState, symbol: str) -> MarginMode:
    """The mode in force: that of the open position, else what the account has set."""
    position = state.positions.get(symbol)
    if position is not None:
        return position.margin_mode
    return state.margin_modes.get(symbol, MarginMode.ISOLATED)


def cross_positions(state: BookState) -> tuple[Position, ...]:
    """By symbol."""
    held = (state.positions[symbol] for symbol in sorted(state.positions))
    return tuple(position for position in held if position.margin_mode is MarginMode.CROSS)


def isolated_margin(state: BookState) -> Decimal:
    """What no other position may touch: margin set aside in isolated mode."""
    return sum(
        (
            held.isolated_margin
            for held in state.positions.values()
            if held.margin_mode is MarginMode.ISOLATED
        ),
        ZERO,
    )


def cross_unrealized(state: BookState) -> Decimal:
    """Unrealised PnL of all cross positions at the prices last known."""
    return sum(
        (held.unrealized_pnl(state.marks[held.symbol]) for held in cross_positions(state)), ZERO
    )


def position_margin(state: BookState) -> Decimal:
    """Margin set aside for all open positions."""
    return sum((held.isolated_margin for held in state.positions.values()), ZERO)


def order_margin(state: BookState) -> Decimal:
    """Margin reserved by all resting limit orders.

    Per symbol the side that needs more counts: filling one side closes what the other opened.
    """
    resting = [
        order
        for order in state.orders.values()
        if order.rests_as_limit and not order.request.only_reduces
    ]
    symbols = sorted({order.symbol for order in resting})
    return sum((_reserved(state, symbol, resting) for symbol in symbols), ZERO)


def free_margin(state: BookState) -> Decimal:
    """What is left for new positions; negative when losses have eaten into reserved margin."""
    return state.wallet + cross_unrealized(state) - position_margin(state) - order_margin(state)


def balance(state: BookState, marks: Mapping[str, Decimal]) -> Balance:
    """The account's money with its positions valued at `marks` (quote per base, by symbol).

    Raises
    ------
    BadMarketData
        There is no mark for an open position; an unknown value is never taken as zero.
    """
    unrealized = ZERO
    for symbol, position in state.positions.items():
        if symbol not in marks:
            raise BadMarketData(symbol, "no mark price for an open position")
        unrealized += position.unrealized_pnl(marks[symbol])
    crossed = {symbol: marks[symbol] for symbol in state.marks}
    return Balance(
        wallet=state.wallet,
        unrealized=unrealized,
        margin_used=position_margin(state) + order_margin(state),
        available=max(ZERO, free_margin(replace(state, marks={**state.marks, **crossed}))),
    )


def _reserved(state: BookState, symbol: str, resting: list[Order]) -> Decimal:
    position = state.positions.get(symbol)
    held = ZERO if position is None else position.quantity
    leverage = leverage_of(state, symbol)
    mine = [order for order in resting if order.symbol == symbol]
    return max(
        _opening_notional((o for o in mine if o.request.side is side), -held * side.sign) / leverage
        for side in Side
    )


def _opening_notional(orders: Iterable[Order], closing: Decimal) -> Decimal:
    """Notional of one side's orders beyond the quantity `closing`, which they would only close."""
    notional = ZERO
    left = max(ZERO, closing)
    for order in orders:
        opening = max(ZERO, order.remaining - left)
        left = max(ZERO, left - order.remaining)
        notional += opening * (order.request.price or ZERO)
    return notional
