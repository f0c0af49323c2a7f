"""One closed candle against the book: which orders fill, at what, in which order.

Inside a candle only open, high and low are known, so the price is taken to walk the way that is
worst for the position: from the open against it to one extreme, then to the other (a flat account
walks down first). From that follow the rules of paper trading: open beyond liquidation, open
beyond the stop (filled at the open), the nearer of stop and liquidation, and only then the
take-profit, at its own price. The one rule not to break: an order takes part from the first
candle that opens at or after its creation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trading.candles import Candle
from trading.instruments import Instrument
from trading.matching.booking import Execution, end_order, fill_order, opening_refusal
from trading.matching.levels import (
    Level,
    Move,
    is_beyond,
    liquidation_level,
    order_level,
    reaches,
    taker_price,
)
from trading.matching.liquidation import liquidate
from trading.orders import Order, OrderStatus, OrderType
from trading.paper_book import BookState, VenueEvent
from trading.units import ZERO

Outcome = tuple[BookState, list[VenueEvent]]

_LIQUIDATION_RANK = 0
_RANK = {OrderType.STOP_MARKET: 1, OrderType.LIMIT: 2, OrderType.TAKE_PROFIT_MARKET: 3}
"""Who goes first at one and the same price: the worse for the trader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    instrument: Instrument
    candle: Candle
    mark: Candle
    closes_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """The next thing on the way; `order` is None for a liquidation."""

    level: Decimal
    order: Order | None


def match_candle(
    state: BookState,
    instrument: Instrument,
    candle: Candle,
    *,
    closes_at: datetime,
    mark: Candle | None = None,
) -> Outcome:
    """Match one closed base candle of one symbol; fills are stamped with its close instant.

    `mark` is the mark-price candle of the same interval and decides liquidation alone; without
    one the traded prices decide. `matched_until` is left to `advance`.
    """
    walk = _Walk(instrument=instrument, candle=candle, mark=mark or candle, closes_at=closes_at)
    position = state.positions.get(instrument.symbol)
    is_short = position is not None and position.quantity < ZERO
    first = Move.UP if is_short else Move.DOWN
    state, events = _at_open(state, walk)
    for move in (first, first.opposite):
        state, more = _along(state, walk, move)
        events += more
    return state, events


def _at_open(state: BookState, walk: _Walk) -> Outcome:
    events: list[VenueEvent] = []
    liquidation = _liquidation_ahead(state, walk)
    if liquidation is not None and is_beyond(walk.mark.open, liquidation):
        state, events = _liquidated(state, walk, walk.mark.open)
    gapped = [
        order
        for order in _taking_part(state, walk)
        if order.request.order_type is OrderType.STOP_MARKET
        and is_beyond(walk.candle.open, order_level(order))
    ]
    gapped.sort(key=lambda gap: abs(order_level(gap).price - walk.candle.open), reverse=True)
    for order in gapped:
        if order.venue_order_id in state.orders:
            state, more = _triggered(state, walk, order, walk.candle.open)
            events += more
    return state, events


def _along(state: BookState, walk: _Walk, move: Move) -> Outcome:
    events: list[VenueEvent] = []
    while (step := _next_step(state, walk, move)) is not None:
        if step.order is None:
            state, more = _liquidated(state, walk, step.level)
        else:
            state, more = _triggered(state, walk, step.order, step.level)
        events += more
    return state, events


def _next_step(state: BookState, walk: _Walk, move: Move) -> _Step | None:
    """The nearest level on the way to the extreme; every step taken removes its cause."""
    steps: list[tuple[Decimal, int, int, _Step]] = []
    for arrival, order in enumerate(_taking_part(state, walk)):
        level = order_level(order)
        if level.move is move and reaches(walk.candle, level):
            rank = _RANK[order.request.order_type]
            step = _Step(level=level.price, order=order)
            steps.append((level.price * move.value, rank, arrival, step))
    liquidation = _liquidation_ahead(state, walk)
    if liquidation is not None and liquidation.move is move and reaches(walk.mark, liquidation):
        step = _Step(level=liquidation.price, order=None)
        steps.append((liquidation.price * move.value, _LIQUIDATION_RANK, 0, step))
    return min(steps, key=lambda entry: entry[:3])[3] if steps else None


def _taking_part(state: BookState, walk: _Walk) -> list[Order]:
    return [
        order
        for order in state.orders.values()
        if order.symbol == walk.instrument.symbol and order.created_at <= walk.candle.open_time
    ]


def _liquidation_ahead(state: BookState, walk: _Walk) -> Level | None:
    """Where this candle may liquidate the position; None for one entered while it ran.

    Its extremes may lie before such an entry. What this walk itself opened is stamped with the
    close, and is judged.
    """
    position = state.positions.get(walk.instrument.symbol)
    if position is None or walk.candle.open_time < position.opened_at < walk.closes_at:
        return None
    return liquidation_level(state, walk.instrument)


def _liquidated(state: BookState, walk: _Walk, price: Decimal) -> Outcome:
    position = state.positions[walk.instrument.symbol]
    return liquidate(state, position, instrument=walk.instrument, price=price, at=walk.closes_at)


def _triggered(state: BookState, walk: _Walk, order: Order, price: Decimal) -> Outcome:
    """Fill an order that was reached; one that could no longer be opened expires instead."""
    is_maker = order.request.order_type is OrderType.LIMIT
    if not is_maker:
        price = taker_price(
            price, order.request.side, fees=state.fees, tick=walk.instrument.tick_size
        )
    execution = Execution(price=price, is_maker=is_maker, at=walk.closes_at)
    after, events = fill_order(state, order, execution)
    refusal = opening_refusal(state, after, instrument=walk.instrument, price=price)
    if refusal is not None:
        return end_order(state, order, OrderStatus.EXPIRED, walk.closes_at)
    return after, events
