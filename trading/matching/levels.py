"""At which price a resting order acts, which way the price must move to get there, and its fill.

Touching is enough. Prices are quote per base. Slippage worsens every taker fill (market, stop and
take-profit market) and is rounded to the tick against the trader; a resting limit has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from trading.candles import Candle
from trading.errors import InvalidRecord
from trading.instruments import Instrument
from trading.matching.liquidation import liquidation_price
from trading.orders import Order, OrderType, Side
from trading.paper_book import BookState, PaperFees
from trading.units import ONE, ZERO, ceil_to, floor_to


class Move(Enum):
    """Which way the price travels."""

    DOWN = -1
    UP = 1

    @property
    def opposite(self) -> Move:
        return Move.UP if self is Move.DOWN else Move.DOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A price at which something happens, and the move that leads there."""

    move: Move
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """A candle does something only if it falls to `below` or rises to `above` (None: never)."""

    below: Decimal | None
    above: Decimal | None


def order_level(order: Order) -> Level:
    """Where a resting order acts: its limit, or the trigger of a conditional order.

    A buy limit or buy target waits below the price, a buy stop above it; sells the other way.
    """
    request = order.request
    price = request.price if request.order_type is OrderType.LIMIT else request.stop_price
    if price is None:
        raise InvalidRecord(
            f"{order.symbol}: {request.order_type} order {request.client_order_id} rests without a price"
        )
    is_stop = request.order_type is OrderType.STOP_MARKET
    return Level(move=Move.UP if (request.side is Side.BUY) == is_stop else Move.DOWN, price=price)


def liquidation_level(state: BookState, instrument: Instrument) -> Level | None:
    """Where the open position of the symbol is liquidated; None without one, or for no price."""
    position = state.positions.get(instrument.symbol)
    price = None if position is None else liquidation_price(position, instrument)
    if position is None or price is None:
        return None
    return Level(move=Move.DOWN if position.quantity > ZERO else Move.UP, price=price)


def reaches(candle: Candle, level: Level) -> bool:
    """Whether the candle's extreme in that direction touches the level or lies beyond it."""
    extreme = candle.low if level.move is Move.DOWN else candle.high
    return is_beyond(extreme, level)


def is_beyond(price: Decimal, level: Level) -> bool:
    """Whether a price is at the level or past it, seen in the direction of the move."""
    return price <= level.price if level.move is Move.DOWN else price >= level.price


def touch_of(state: BookState, instrument: Instrument) -> Touch:
    """The nearest prices that concern this symbol: what lies between them can be skipped."""
    levels = [
        order_level(order) for order in state.orders.values() if order.symbol == instrument.symbol
    ]
    liquidation = liquidation_level(state, instrument)
    if liquidation is not None:
        levels.append(liquidation)
    return Touch(
        below=max((lv.price for lv in levels if lv.move is Move.DOWN), default=None),
        above=min((lv.price for lv in levels if lv.move is Move.UP), default=None),
    )


def taker_price(price: Decimal, side: Side, *, fees: PaperFees, tick: Decimal) -> Decimal:
    """`price` made worse by the slippage ratio, on the tick; never below one tick."""
    if side is Side.BUY:
        return ceil_to(price * (ONE + fees.slippage), tick)
    return max(tick, floor_to(price * (ONE - fees.slippage), tick))
