"""One closed candle against the book: which orders fill, at what, in which order.

Inside a candle only open, high, low and close are known, so the price is taken to walk the way that
is worst for the position: from the open against it to one extreme, then to the other, then to the
close (a flat account walks down first). From that follow the rules of paper trading: open beyond
liquidation, open beyond the stop (filled at the open), the nearer of stop and liquidation, and only
then the take-profit, at its own price. The one rule not to break: an order takes part from the
first candle that opens at or after its creation; only the stop of a group that came to life with
its entry takes part in the rest of that candle, because it is against the trader.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from trading.candles import Candle
from trading.instruments import Instrument
from trading.matching.levels import (
    Level,
    Move,
    extreme_of,
    is_beyond,
    liquidation_level,
    order_level,
)
from trading.matching.liquidation import liquidate
from trading.matching.resting import Outcome
from trading.matching.trailing import followed
from trading.matching.triggering import Touched, act
from trading.orders import GroupRole, Order, OrderType, PriceKind, Side
from trading.paper_book import BookState, VenueEvent
from trading.positions import MarginMode
from trading.units import ZERO

_LIQUIDATION_RANK, _STOP_RANK, _LIMIT_RANK, _TARGET_RANK = range(4)
"""Who goes first at one and the same price: the worse for the trader."""


@dataclass(slots=True, kw_only=True)
class _Walk:
    instrument: Instrument
    instruments: Mapping[str, Instrument]
    candle: Candle
    mark: Candle
    closes_at: datetime
    volume_left: Decimal | None
    """Base quantity that may still fill resting limits in this candle; None: no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leg:
    """A stretch of the way: which way, and how far the traded price and the mark get."""

    move: Move
    traded_to: Decimal
    mark_to: Decimal

    def reaches(self, level: Level) -> bool:
        end = self.traded_to if level.kind is PriceKind.LAST else self.mark_to
        return level.move is self.move and is_beyond(end, level)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """The next thing on the way; `order` is None for a liquidation."""

    level: Level
    order: Order | None


def match_candle(
    state: BookState,
    instrument: Instrument,
    candle: Candle,
    *,
    closes_at: datetime,
    mark: Candle | None = None,
    instruments: Mapping[str, Instrument] | None = None,
) -> Outcome:
    """Match one closed base candle of one symbol; fills are stamped with its close instant.

    `mark` is the mark-price candle of the same interval and decides liquidation and the orders
    that are triggered by the mark; without one the traded prices decide. `instruments` is needed
    where several symbols are held in cross mode. `matched_until` is left to `advance`.
    """
    share = state.execution.volume_share
    walk = _Walk(
        instrument=instrument,
        instruments=instruments or {instrument.symbol: instrument},
        candle=candle,
        mark=mark or candle,
        closes_at=closes_at,
        volume_left=None if share is None else candle.volume * share,
    )
    state, events = _at_open(state, walk)
    for leg in _legs(state, walk):
        state, more = _along(state, walk, leg)
        state = _followed(state, walk, traded=leg.traded_to, mark=leg.mark_to)
        events += more
    return _with_last_mark(state, walk), events


def _legs(state: BookState, walk: _Walk) -> tuple[_Leg, ...]:
    position = state.positions.get(walk.instrument.symbol)
    is_short = position is not None and position.quantity < ZERO
    first = Move.UP if is_short else Move.DOWN
    out, back = (
        _Leg(
            move=move,
            traded_to=extreme_of(walk.candle, move),
            mark_to=extreme_of(walk.mark, move),
        )
        for move in (first, first.opposite)
    )
    return out, back, _Leg(move=first, traded_to=walk.candle.close, mark_to=walk.mark.close)


def _at_open(state: BookState, walk: _Walk) -> Outcome:
    events: list[VenueEvent] = []
    liquidation = _liquidation_ahead(state, walk)
    if liquidation is not None and is_beyond(walk.mark.open, liquidation):
        state, events = _liquidated(state, walk, walk.mark.open)
    gaps: list[tuple[Decimal, str]] = []
    for order in _taking_part(state, walk):
        level = order_level(order) if order.is_conditional else None
        if level is None or not order.request.order_type.is_stop:
            continue
        opened = walk.candle.open if level.kind is PriceKind.LAST else walk.mark.open
        if is_beyond(opened, level):
            gaps.append((abs(level.price - opened), order.venue_order_id))
    # The farthest behind would have been met first on the way that nobody saw.
    for _, number in sorted(gaps, key=lambda gap: gap[0], reverse=True):
        if number in state.orders:
            state, more = _acted(state, walk, state.orders[number], walk.candle.open)
            events += more
    return _followed(state, walk, traded=walk.candle.open, mark=walk.mark.open), events


def _along(state: BookState, walk: _Walk, leg: _Leg) -> Outcome:
    events: list[VenueEvent] = []
    while (step := _next_step(state, walk, leg)) is not None:
        if step.order is None:
            state, more = _liquidated(state, walk, step.level.price)
        else:
            state, more = _acted(state, walk, step.order, _traded_at(walk, step.order, step.level))
        events += more
    return state, events


def _next_step(state: BookState, walk: _Walk, leg: _Leg) -> _Step | None:
    """The nearest level on the leg; every step taken removes its cause."""
    steps: list[tuple[Decimal, int, int, _Step]] = []
    for arrival, order in enumerate(_taking_part(state, walk)):
        level = order_level(order)
        if level is not None and leg.reaches(level) and not _is_dry(walk, order):
            step = _Step(level=level, order=order)
            steps.append((level.price * leg.move.value, _rank(order), arrival, step))
    liquidation = _liquidation_ahead(state, walk)
    if liquidation is not None and leg.reaches(liquidation):
        step = _Step(level=liquidation, order=None)
        steps.append((liquidation.price * leg.move.value, _LIQUIDATION_RANK, 0, step))
    return min(steps, key=lambda entry: entry[:3])[3] if steps else None


def _taking_part(state: BookState, walk: _Walk) -> list[Order]:
    return [
        order
        for order in state.orders.values()
        if order.symbol == walk.instrument.symbol
        and (order.created_at <= walk.candle.open_time or _is_stop_born_now(order, walk))
    ]


def _is_stop_born_now(order: Order, walk: _Walk) -> bool:
    return (
        order.group_role is GroupRole.EXIT
        and order.request.order_type.is_stop
        and order.created_at == walk.closes_at
    )


def _rank(order: Order) -> int:
    if not order.is_conditional:
        return _LIMIT_RANK
    return _STOP_RANK if order.request.order_type.is_stop else _TARGET_RANK


def _is_dry(walk: _Walk, order: Order) -> bool:
    """A resting limit finds nobody any more in this candle."""
    left = walk.volume_left
    return left is not None and not order.is_conditional and left < walk.instrument.step_size


def _liquidation_ahead(state: BookState, walk: _Walk) -> Level | None:
    """Where this candle may liquidate the position; None for one entered while it ran.

    Its extremes may lie before such an entry. What this walk itself opened is stamped with the
    close, and is judged.
    """
    position = state.positions.get(walk.instrument.symbol)
    if position is None or walk.candle.open_time < position.opened_at < walk.closes_at:
        return None
    return liquidation_level(state, walk.instrument, walk.instruments)


def _liquidated(state: BookState, walk: _Walk, price: Decimal) -> Outcome:
    position = state.positions[walk.instrument.symbol]
    return liquidate(state, position, instrument=walk.instrument, price=price, at=walk.closes_at)


def _traded_at(walk: _Walk, order: Order, level: Level) -> Decimal:
    """Where the market trades when the level is met; never better than the candle ever was.

    A stop that came to life with its entry may be behind a gap. A mark may be where nothing was
    traded: then it is the candle's extreme, the worse one.
    """
    low, high = walk.candle.low, walk.candle.high
    if level.kind is PriceKind.MARK and not low <= level.price <= high:
        return extreme_of(walk.candle, level.move)
    return max(level.price, low) if order.request.side is Side.BUY else min(level.price, high)


def _acted(state: BookState, walk: _Walk, order: Order, price: Decimal) -> Outcome:
    touched = Touched(
        order=order,
        price=price,
        instrument=walk.instrument,
        candle=walk.candle,
        at=walk.closes_at,
        volume_left=walk.volume_left,
    )
    state, events, walk.volume_left = act(state, touched)
    return state, events


def _followed(state: BookState, walk: _Walk, *, traded: Decimal, mark: Decimal) -> BookState:
    """The trailing stops after the price has been there; they never move before they may act."""
    moved = {
        order.venue_order_id: followed(
            order, traded if order.request.trigger_by is PriceKind.LAST else mark
        )
        for order in _taking_part(state, walk)
        if order.request.order_type is OrderType.TRAILING_STOP_MARKET
    }
    return replace(state, orders={**state.orders, **moved}) if moved else state


def _with_last_mark(state: BookState, walk: _Walk) -> BookState:
    position = state.positions.get(walk.instrument.symbol)
    if position is None or position.margin_mode is not MarginMode.CROSS:
        return state
    return replace(state, marks={**state.marks, position.symbol: walk.mark.close})
