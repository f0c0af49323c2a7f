"""Changing what stands on the book: taking an order away, setting a symbol's leverage.

Both refuse by Aster's codes and change nothing then.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from trading.errors import OrderRejected
from trading.instruments import Instrument
from trading.matching.booking import end_order
from trading.matching.margin import free_margin, order_margin
from trading.orders import OrderStatus
from trading.paper_book import BookState, VenueEvent
from trading.units import ZERO


def cancel(
    state: BookState, client_order_id: str, at: datetime
) -> tuple[BookState, list[VenueEvent]]:
    """Cancel the open order with that client id; the one event carries its final form.

    Raises
    ------
    OrderRejected
        -2011: no open order has the id (filled, expired and cancelled orders included).
    """
    for order in state.orders.values():
        if order.request.client_order_id == client_order_id:
            return end_order(state, order, OrderStatus.CANCELED, at)
    raise OrderRejected(-2011, f"Unknown order sent: {client_order_id} is not open.")


def set_leverage(state: BookState, symbol: str, leverage: int, instrument: Instrument) -> BookState:
    """The state in which new positions in `symbol` are opened at `leverage` (whole number >= 1).

    Raises
    ------
    OrderRejected
        -4028: outside the instrument's brackets. -4161: a position is open at another leverage.
        -2019: the resting orders of the symbol would need more margin than is free.
    """
    largest = max(row.max_leverage for row in instrument.brackets)
    if not 1 <= leverage <= largest:
        raise OrderRejected(
            -4028, f"Leverage {leverage} is not valid: {symbol} allows 1 to {largest}."
        )
    position = state.positions.get(symbol)
    if position is not None and position.leverage != leverage:
        raise OrderRejected(
            -4161, f"Leverage of {symbol} stays {position.leverage} while a position is open."
        )
    after = replace(state, leverage={**state.leverage, symbol: leverage})
    if order_margin(after) > order_margin(state) and free_margin(after) < ZERO:
        raise OrderRejected(
            -2019, f"Margin is insufficient for the open orders of {symbol} at leverage {leverage}."
        )
    return after
