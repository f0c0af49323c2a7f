"""What an order does when a candle reaches it: it fills, comes to life as a limit, or expires.

Prices are quote per base. Market orders fill as takers with slippage; a resting limit fills as a
maker at its own price, against at most the share of the candle's volume that the book's policy
leaves. An order that could not be opened any more (margin, leverage) expires instead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from trading.candles import Candle
from trading.instruments import Instrument
from trading.matching.booking import Execution, fill_order, margin_refusal, opening_refusal
from trading.matching.margin import free_margin
from trading.matching.resting import end_order, put_order, wanted_quantity
from trading.matching.slippage import candle_price
from trading.orders import Order, OrderStatus, Side, TimeInForce
from trading.paper_book import BookState, OrderChanged, VenueEvent
from trading.units import round_down


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """An order that the walk has met, with the traded price at that moment."""

    order: Order
    price: Decimal
    instrument: Instrument
    candle: Candle
    at: datetime
    volume_left: Decimal | None
    """Base quantity that may still fill resting limits; None: no limit."""


Acted = tuple[BookState, list[VenueEvent], Decimal | None]
"""Books, events, and the volume that is left."""


def act(state: BookState, touched: Touched) -> Acted:
    """Let a touched order act."""
    order = touched.order
    if not order.is_conditional:
        return _fill_maker(state, touched)
    if not order.request.order_type.has_limit:
        return (*_fill_taker(state, touched, limit=None), touched.volume_left)
    return (*_come_to_life(state, touched), touched.volume_left)


def is_marketable(limit: Decimal, side: Side, price: Decimal) -> bool:
    """Whether an order with that limit meets the other side when the market is at `price`."""
    return limit >= price if side is Side.BUY else limit <= price


def _fill_maker(state: BookState, touched: Touched) -> Acted:
    order, left = touched.order, touched.volume_left
    quantity = wanted_quantity(state, order)
    if left is not None:
        quantity = min(quantity, round_down(left, touched.instrument.step_size))
        left -= quantity
    price = order.request.price or touched.price
    execution = Execution(price=price, is_maker=True, at=touched.at, quantity=quantity)
    return (*_executed(state, touched, execution), left)


def _fill_taker(
    state: BookState, touched: Touched, *, limit: Decimal | None
) -> tuple[BookState, list[VenueEvent]]:
    side = touched.order.request.side
    price = candle_price(
        state,
        side,
        wanted_quantity(state, touched.order),
        price=touched.price,
        candle=touched.candle,
        tick=touched.instrument.tick_size,
    )
    if limit is not None:
        price = min(price, limit) if side is Side.BUY else max(price, limit)
    return _executed(state, touched, Execution(price=price, is_maker=False, at=touched.at))


def _come_to_life(state: BookState, touched: Touched) -> tuple[BookState, list[VenueEvent]]:
    """A stop or take-profit limit is a plain limit order from now on, at the price of now."""
    alive = replace(touched.order, triggered_at=touched.at, updated_at=touched.at)
    request = alive.request
    limit = request.price or touched.price
    force = request.time_in_force
    if is_marketable(limit, request.side, touched.price):
        if force is TimeInForce.GTX:
            return end_order(state, alive, OrderStatus.EXPIRED, touched.at)
        return _fill_taker(state, replace(touched, order=alive), limit=limit)
    resting = put_order(state, alive)
    is_payable = request.only_reduces or margin_refusal(free_margin(resting)) is None
    if force in (TimeInForce.IOC, TimeInForce.FOK) or not is_payable:
        return end_order(state, alive, OrderStatus.EXPIRED, touched.at)
    return resting, [OrderChanged(order=alive)]


def _executed(
    state: BookState, touched: Touched, execution: Execution
) -> tuple[BookState, list[VenueEvent]]:
    """The fill, or the end of an order that could no longer be opened."""
    after, events = fill_order(state, touched.order, execution)
    refusal = opening_refusal(state, after, instrument=touched.instrument, price=execution.price)
    if refusal is not None:
        return end_order(state, touched.order, OrderStatus.EXPIRED, touched.at)
    return after, events
