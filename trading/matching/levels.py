"""At which price a resting order acts, and which way the price must move to get there.

Touching is enough. Prices are quote per base. A trigger is read from traded prices or from the
mark, as the order says; liquidation is always read from the mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from trading.candles import Candle
from trading.instruments import Instrument
from trading.matching.liquidation import backing_of, liquidation_price
from trading.matching.trailing import trailing_trigger
from trading.orders import Order, OrderType, PriceKind, Side
from trading.paper_book import BookState
from trading.positions import MarginMode
from trading.units import ZERO


class Move(Enum):
    """Which way the price travels."""

    DOWN = -1
    UP = 1

    @property
    def opposite(self) -> Move:
        return Move.UP if self is Move.DOWN else Move.DOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A price at which something happens, the move that leads there, and which price must move."""

    move: Move
    price: Decimal
    kind: PriceKind = PriceKind.LAST


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """The levels that concern one symbol: a candle that reaches none of them does nothing."""

    nearest: Mapping[tuple[Move, PriceKind], Decimal]
    """Of each price and move the level that is reached first."""
    always: bool = False
    """Every candle matters: its close is the price of a cross position."""

    def bounds(self, *kinds: PriceKind) -> tuple[Decimal | None, Decimal | None]:
        """A candle of those prices does something if it falls to the first or rises to the second."""
        below = [
            p for (move, kind), p in self.nearest.items() if move is Move.DOWN and kind in kinds
        ]
        above = [p for (move, kind), p in self.nearest.items() if move is Move.UP and kind in kinds]
        return max(below, default=None), min(above, default=None)


def order_level(order: Order) -> Level | None:
    """Where a resting order acts: its limit, or its trigger. None: nowhere yet (see `follow_level`).

    A buy limit or buy target waits below the price, a buy stop above it; sells the other way.
    """
    request = order.request
    is_buy = request.side is Side.BUY
    if not order.is_conditional:
        return _level(Move.DOWN if is_buy else Move.UP, request.price, PriceKind.LAST)
    rises = is_buy == request.order_type.is_stop
    trigger = (
        trailing_trigger(order)
        if request.order_type is OrderType.TRAILING_STOP_MARKET
        else request.stop_price
    )
    return _level(Move.UP if rises else Move.DOWN, trigger, request.trigger_by)


def follow_level(order: Order) -> Level | None:
    """From where on a trailing stop takes note of the price: its activation, then its extreme."""
    request = order.request
    if request.order_type is not OrderType.TRAILING_STOP_MARKET:
        return None
    move = Move.DOWN if request.side is Side.BUY else Move.UP
    return _level(move, order.extreme_price or request.activation_price, request.trigger_by)


def liquidation_level(
    state: BookState, instrument: Instrument, instruments: Mapping[str, Instrument]
) -> Level | None:
    """Where the open position of the symbol is liquidated; None without one, or for no price."""
    position = state.positions.get(instrument.symbol)
    if position is None:
        return None
    backing = backing_of(state, position, instruments)
    price = liquidation_price(position, instrument, backing=backing)
    return _level(Move.DOWN if position.quantity > ZERO else Move.UP, price, PriceKind.MARK)


def extreme_of(candle: Candle, move: Move) -> Decimal:
    """How far the candle went that way."""
    return candle.low if move is Move.DOWN else candle.high


def is_beyond(price: Decimal, level: Level) -> bool:
    """Whether a price is at the level or past it, seen in the direction of the move."""
    return price <= level.price if level.move is Move.DOWN else price >= level.price


def touch_of(
    state: BookState, instrument: Instrument, instruments: Mapping[str, Instrument]
) -> Touch:
    """All levels of a symbol: candles between them can be skipped."""
    found: list[Level | None] = [liquidation_level(state, instrument, instruments)]
    for order in state.orders.values():
        if order.symbol == instrument.symbol:
            found += [order_level(order), follow_level(order)]
    position = state.positions.get(instrument.symbol)
    return Touch(
        nearest=_nearest(level for level in found if level is not None),
        always=position is not None and position.margin_mode is MarginMode.CROSS,
    )


def _nearest(levels: Iterable[Level]) -> dict[tuple[Move, PriceKind], Decimal]:
    nearest: dict[tuple[Move, PriceKind], Decimal] = {}
    for level in levels:
        key, price = (level.move, level.kind), level.price
        known = nearest.get(key, price)
        nearest[key] = max(known, price) if level.move is Move.DOWN else min(known, price)
    return nearest


def _level(move: Move, price: Decimal | None, kind: PriceKind) -> Level | None:
    return None if price is None else Level(move=move, price=price, kind=kind)
