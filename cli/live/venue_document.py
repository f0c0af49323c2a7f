"""What a venue reports of an account, as plain data: money, positions with their protection, orders.

Amounts are text in USDT or base units. Own is what the account's open trades hold; the rest of a
position is somebody else's. Protection is judged by the orders that rest, whoever placed them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from trading.exits.protection import is_protected
from trading.orders import CLIENT_ID_PREFIX, Order, OrderType
from trading.ports import Balance, VenueAccount, VenuePosition
from trading.positions import Position
from trading.units import ZERO, plain

_TARGETS = (OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_MARKET)


def venue_document(
    seen: VenueAccount, own: Mapping[str, Decimal], under_way: Collection[str] = ()
) -> dict[str, Any]:
    """The account as the venue reported it; `own` is signed quantity by symbol.

    `under_way` are symbols with an entry or exit of ours whose end is not booked: what is more or less
    there than our trades say may be ours.
    """
    return {
        "balance": _balance(seen.balance),
        "positions": [
            _position(
                held,
                own.get(held.position.symbol, ZERO),
                seen.open_orders,
                is_under_way=held.position.symbol in under_way,
            )
            for held in seen.positions
        ],
        "open_orders": [_order(order) for order in seen.open_orders],
    }


def protection_words(position: Position, orders: Iterable[Order]) -> str:
    """Whether stops that rest cover a position, and where; then its target."""
    exits = [
        order
        for order in orders
        if order.symbol == position.symbol
        and order.status.is_open
        and order.request.only_reduces
        and order.request.side is position.exit_side
    ]
    stops = [_stop_words(order) for order in exits if order.request.order_type.is_stop]
    targets = [_price(order) for order in exits if order.request.order_type in _TARGETS]
    if not stops:
        words = "UNPROTECTED"
    elif is_protected(position, exits):
        words = f"protected by {', '.join(stops)}"
    else:
        words = f"PARTLY PROTECTED by {', '.join(stops)}"
    return words + (f"; target at {', '.join(targets)}" if targets else "")


def _balance(balance: Balance) -> dict[str, str]:
    return {
        "wallet": plain(balance.wallet),
        "unrealized": plain(balance.unrealized),
        "equity": plain(balance.equity),
        "margin_used": plain(balance.margin_used),
        "available": plain(balance.available),
    }


def _position(
    held: VenuePosition, own: Decimal, orders: Iterable[Order], *, is_under_way: bool
) -> dict[str, Any]:
    position, liquidation = held.position, held.liquidation_price
    orders = tuple(orders)
    return {
        "symbol": position.symbol,
        "whose": _whose(position.quantity, own, is_under_way=is_under_way),
        "quantity": plain(position.quantity),
        "own_quantity": plain(own),
        "entry_price": plain(position.entry_price),
        "mark": plain(held.mark),
        "notional": plain(position.notional(held.mark)),
        "unrealized": plain(position.unrealized_pnl(held.mark)),
        "leverage": position.leverage,
        "margin_mode": position.margin_mode.value,
        "liquidation_price": None if liquidation is None else plain(liquidation),
        "is_protected": is_protected(position, orders),
        "protection": protection_words(position, orders),
    }


def _order(order: Order) -> dict[str, Any]:
    request = order.request
    return {
        "symbol": order.symbol,
        "whose": "ours" if request.client_order_id.startswith(CLIENT_ID_PREFIX) else "foreign",
        "side": request.side.value,
        "type": request.order_type.value,
        "quantity": "all" if request.close_position else plain(request.quantity),
        "filled": plain(order.filled_quantity),
        "price": None if request.price is None else plain(request.price),
        "stop_price": None if request.stop_price is None else plain(request.stop_price),
        "reduces_only": request.only_reduces,
        "client_order_id": request.client_order_id,
    }


def _whose(quantity: Decimal, own: Decimal, *, is_under_way: bool) -> str:
    if quantity == own:
        return "ours"
    if is_under_way:
        return "not booked yet"
    return "foreign" if own == ZERO else "partly ours"


def _stop_words(order: Order) -> str:
    ratio = order.request.callback_ratio
    if order.request.stop_price is None and ratio is not None:
        return f"trailing stop {plain(ratio * 100)} % away"
    return f"stop at {_price(order)}"


def _price(order: Order) -> str:
    return plain(order.request.stop_price or ZERO)
