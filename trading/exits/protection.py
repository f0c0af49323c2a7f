"""What must be changed among resting orders so that a position is protected, no more and no less.

Quantity is base, prices quote per base. The one rule: protection is added before it is taken
away. Only orders that can only reduce and carry our client id prefix are ever touched; a foreign order is
somebody else's, and an entry of ours is not protection.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from trading.exits.plan import tighter_stop
from trading.instruments import Instrument
from trading.orders import CLIENT_ID_PREFIX, Leg, Order, OrderType, Side
from trading.positions import Position
from trading.units import ZERO, ceil_to, floor_to, round_down

ORDER_TYPES = {Leg.STOP: OrderType.STOP_MARKET, Leg.TARGET: OrderType.TAKE_PROFIT_MARKET}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceProtection:
    """Place a reduce-only conditional market order."""

    symbol: str
    leg: Leg
    """Stop or target."""
    side: Side
    quantity: Decimal
    stop_price: Decimal
    """Trigger, on the instrument's tick."""

    @property
    def order_type(self) -> OrderType:
        return ORDER_TYPES[self.leg]


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder:
    """Take one of our resting orders away."""

    order: Order
    reason: str
    """A few words for the diary."""


ProtectionAction = PlaceProtection | CancelOrder


def plan_protection(
    position: Position | None,
    open_orders: Iterable[Order],
    *,
    stop_price: Decimal | None,
    take_profit_price: Decimal | None,
    instrument: Instrument,
) -> tuple[ProtectionAction, ...]:
    """Actions for one instrument, in the order in which they have to be carried out.

    Stop first, then target, then everything that has become surplus. The quantity is the
    position's real one. Without a wanted stop a resting stop of this position is kept: a plan
    that is not known must not leave a position naked. An empty answer means: protected as wanted. When
    a placing fails, the cancels after it must not be carried out.
    """
    ours = tuple(
        order for order in open_orders if order.symbol == instrument.symbol and is_ours(order)
    )
    if position is None or position.quantity == ZERO:
        return tuple(CancelOrder(order=order, reason="no position is left") for order in ours)
    wanted = wanted_protection(
        position.quantity,
        stop_price=stop_price,
        take_profit_price=take_profit_price,
        instrument=instrument,
    )
    kept = tuple(_keeper(action, ours) for action in wanted)
    placed = tuple(action for action, order in zip(wanted, kept, strict=True) if order is None)
    keep_ids = {order.venue_order_id for order in kept if order is not None}
    if all(action.leg is not Leg.STOP for action in wanted):
        keep_ids |= {order.venue_order_id for order in ours if _stops_since(order, position)}
    surplus = tuple(
        CancelOrder(order=order, reason=_why_surplus(order, position))
        for order in ours
        if order.venue_order_id not in keep_ids
    )
    return (*placed, *surplus)


def wanted_protection(
    quantity: Decimal,
    *,
    stop_price: Decimal | None,
    take_profit_price: Decimal | None,
    instrument: Instrument,
) -> tuple[PlaceProtection, ...]:
    """The orders that a position of that signed quantity should have resting, the stop first."""
    levels = ((Leg.STOP, stop_price), (Leg.TARGET, take_profit_price))
    return tuple(
        action
        for leg, level in levels
        if (action := _wanted(quantity, leg, level, instrument)) is not None
    )


def plan_orphan_sweep(
    held_symbols: Iterable[str], open_orders: Iterable[Order]
) -> tuple[CancelOrder, ...]:
    """Cancel our reduce-only orders in every symbol that holds no position any more."""
    held = frozenset(held_symbols)
    return tuple(
        CancelOrder(order=order, reason="no position is left")
        for order in open_orders
        if is_ours(order) and order.symbol not in held
    )


def is_protected(position: Position, open_orders: Iterable[Order]) -> bool:
    """Do resting stops, ours or not, cover the whole position? Read back after every placing."""
    return sum((_covered(order, position) for order in open_orders), ZERO) >= abs(position.quantity)


def resting_stop(position: Position, open_orders: Iterable[Order]) -> Decimal | None:
    """The tightest trigger among our live stops of this position; None when there is none."""
    stop: Decimal | None = None
    for order in open_orders:
        if is_ours(order) and _stops_since(order, position):
            stop = tighter_stop(position.direction.entry_side, stop, order.request.stop_price)
    return stop


def is_ours(order: Order) -> bool:
    """A resting order that can only reduce and that this program placed."""
    return (
        order.status.is_open
        and order.request.only_reduces
        and order.request.client_order_id.startswith(CLIENT_ID_PREFIX)
    )


def _wanted(
    signed: Decimal, leg: Leg, level: Decimal | None, instrument: Instrument
) -> PlaceProtection | None:
    quantity = round_down(abs(signed), instrument.step_size)
    if level is None or quantity < instrument.min_quantity:
        return None  # dust under the minimum cannot be protected by any order
    # Towards the price, so that rounding never loosens a stop nor lifts a target out of reach.
    lies_below = (leg is Leg.STOP) == (signed > ZERO)
    to_tick = ceil_to if lies_below else floor_to
    return PlaceProtection(
        symbol=instrument.symbol,
        leg=leg,
        side=Side.SELL if signed > ZERO else Side.BUY,
        quantity=quantity,
        stop_price=to_tick(level, instrument.tick_size),
    )


def _keeper(wanted: PlaceProtection, ours: tuple[Order, ...]) -> Order | None:
    """The oldest resting order that already is what is wanted."""
    return next((order for order in ours if _is(wanted, order)), None)


def _is(wanted: PlaceProtection, order: Order) -> bool:
    request = order.request
    return (
        request.order_type is wanted.order_type
        and request.side is wanted.side
        and request.stop_price == wanted.stop_price
        and order.remaining == wanted.quantity
    )


def _covered(order: Order, position: Position) -> Decimal:
    """How much of the position (base, magnitude) a resting order is certain to close in a fall.

    A stop that closes the position covers all of it, however much that is. A trailing stop covers
    from its activation on: before that it does not follow, and nothing holds the loss.
    """
    request = order.request
    if not _would_close(order, position):
        return ZERO
    if request.order_type is OrderType.TRAILING_STOP_MARKET:
        if order.extreme_price is None and request.activation_price is not None:
            return ZERO
    elif request.order_type is not OrderType.STOP_MARKET:
        return ZERO
    return abs(position.quantity) if request.close_position else order.remaining


def _stops(order: Order, position: Position) -> bool:
    """A live stop at a fixed level that would close (a part of) the position."""
    is_fixed = order.request.order_type is OrderType.STOP_MARKET
    return is_fixed and _would_close(order, position)


def _would_close(order: Order, position: Position) -> bool:
    return (
        order.symbol == position.symbol
        and order.status.is_open
        and order.request.only_reduces
        and order.request.side is position.exit_side
    )


def _stops_since(order: Order, position: Position) -> bool:
    """A live stop of this position, not one left over from an earlier position."""
    return _stops(order, position) and order.created_at >= position.opened_at


def _why_surplus(order: Order, position: Position) -> str:
    if order.request.side is not position.exit_side:
        return "it belongs to an earlier position in the other direction"
    if order.created_at < position.opened_at:
        return "it belongs to an earlier position"
    return "another order took its place"
