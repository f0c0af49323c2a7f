"""Whether a venue could protect a new position at all: asked before the entry, not after it.

An entry whose stop the venue would then refuse is a naked position; it is the entry that is left.
"""

from __future__ import annotations

from collections.abc import Iterable

from trading.instruments import Instrument
from trading.orders import Order, OrderType

CONDITIONAL_ORDERS = 2
"""A stop and a target. Of a position that grows they are placed before the old ones are taken away."""
ORDERS = 3
"""The same with the entry."""


def why_unprotectable(instrument: Instrument, open_orders: Iterable[Order]) -> str | None:
    """Why an entry could not be given its stop and target, as a sentence; None when it can.

    `open_orders` are those of the account, of whatever hand and symbol; what rests for this
    instrument takes room.
    """
    symbol, stop = instrument.symbol, OrderType.STOP_MARKET
    if instrument.order_types and stop not in instrument.order_types:
        return f"the venue takes no {stop} orders for {symbol}, so a position would have no stop"
    resting = [order for order in open_orders if order.symbol == symbol]
    waiting = sum(order.is_conditional for order in resting)
    most = instrument.max_conditional_orders
    if waiting + CONDITIONAL_ORDERS > most:
        return (
            f"no room for a stop and a target of {symbol}: {waiting} of {most} conditional orders"
            " rest; cancel some that are left over"
        )
    if len(resting) + ORDERS > instrument.max_open_orders:
        return (
            f"no room for an entry with stop and target of {symbol}: {len(resting)} of"
            f" {instrument.max_open_orders} orders rest; cancel some that are left over"
        )
    return None
