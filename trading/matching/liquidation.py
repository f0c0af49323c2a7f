"""When the venue takes a position away, and what that costs. Prices are quote per base.

A position is liquidated when its margin balance <= maintenance margin, which is notional x ratio -
cumulative of the bracket of the notional at that price. Isolated: balance = isolated margin +
unrealised PnL; it costs the whole isolated margin and nothing more. Cross: balance = wallet + all
unrealised PnL, less what isolated positions have set aside; it takes every cross position at once
and costs the whole cross balance and nothing more. The rest of what is lost is the fee.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from trading.errors import BadMarketData
from trading.instruments import Instrument
from trading.matching.booking import with_position
from trading.matching.margin import cross_positions, isolated_margin
from trading.matching.resting import Outcome, end_order, orphans_expired
from trading.orders import Fill, FillCause, Order, OrderRequest, OrderStatus, OrderType
from trading.paper_book import BookState, OrderChanged, OrderFilled
from trading.positions import MarginMode, Position
from trading.units import ZERO, ceil_to, floor_to

LIQUIDATION_ID_PREFIX = "autoclose-"
"""Aster's client ids of liquidation orders begin with it."""


def maintenance_margin(instrument: Instrument, notional: Decimal) -> Decimal:
    """Margin (quote) below which a position of this notional (quote) is liquidated."""
    row = instrument.bracket_for(notional)
    return notional * row.maintenance_ratio - row.cumulative


def liquidation_price(
    position: Position, instrument: Instrument, *, backing: Decimal | None = None
) -> Decimal | None:
    """Mark at which margin balance equals maintenance margin; None when no price > 0 does.

    `backing` (quote) stands behind the position: its isolated margin unless given. Not rounded to
    the tick. Each bracket is a straight line in the price, and because `cumulative` makes them
    meet at the floors the margin is their upper hull: the line met first decides.
    """
    margin = position.isolated_margin if backing is None else backing
    size = abs(position.quantity)
    cost = position.entry_price * size
    if position.quantity > ZERO:
        price = max(
            (cost - margin - row.cumulative) / (size * (1 - row.maintenance_ratio))
            for row in instrument.brackets
        )
        return price if price > ZERO else None
    price = min(
        (cost + margin + row.cumulative) / (size * (1 + row.maintenance_ratio))
        for row in instrument.brackets
    )
    return max(price, instrument.tick_size)  # a backing that is gone leaves no price safe


def backing_of(
    state: BookState, position: Position, instruments: Mapping[str, Instrument]
) -> Decimal:
    """What stands behind a position (quote), beside its own unrealised PnL.

    In cross mode: the wallet without isolated margins, plus what the other cross positions earn at
    their last known price, less the maintenance margin they need there.

    Raises
    ------
    BadMarketData
        Another cross position is in an instrument that is not in `instruments`.
    """
    if position.margin_mode is MarginMode.ISOLATED:
        return position.isolated_margin
    backing = state.wallet - isolated_margin(state)
    for other in cross_positions(state):
        if other.symbol == position.symbol:
            continue
        if other.symbol not in instruments:
            raise BadMarketData(other.symbol, "no margin table for an open cross position")
        mark = state.marks[other.symbol]
        needed = maintenance_margin(instruments[other.symbol], other.notional(mark))
        backing += other.unrealized_pnl(mark) - needed
    return backing


def liquidate(
    state: BookState, position: Position, *, instrument: Instrument, price: Decimal, at: datetime
) -> Outcome:
    """Close `position` at `price` or better; in cross mode all others go at their last price."""
    tick = instrument.tick_size
    if position.margin_mode is MarginMode.ISOLATED:
        margin = position.isolated_margin
        price = _covered_price(position, margin, price, tick)
        return _closed(state, position, margin + position.unrealized_pnl(price), price, at)
    state, events = _entries_expired(state, at)
    for other in cross_positions(state):
        if other.symbol != position.symbol:
            state, more = _closed(state, other, ZERO, state.marks[other.symbol], at)
            events += more
    margin = state.wallet - isolated_margin(state)
    price = _covered_price(position, margin, price, tick)
    state, more = _closed(state, position, margin + position.unrealized_pnl(price), price, at)
    return state, [*events, *more]


def _entries_expired(state: BookState, at: datetime) -> Outcome:
    """A cross account in liquidation has nothing left for its entries: the venue ends them."""
    outcome: Outcome = (state, [])
    crossed = {position.symbol for position in cross_positions(state)}
    for order in tuple(state.orders.values()):
        if order.symbol in crossed and not order.request.only_reduces:
            after, more = end_order(outcome[0], order, OrderStatus.EXPIRED, at)
            outcome = (after, [*outcome[1], *more])
    return outcome


def _closed(
    state: BookState, position: Position, fee: Decimal, price: Decimal, at: datetime
) -> Outcome:
    """The position gone at `price` with `fee` (quote) on top, and the orders that protected it."""
    order = _liquidation_order(state, position, price, at)
    fill = Fill(
        trade_id=str(state.next_trade_id),
        venue_order_id=order.venue_order_id,
        client_order_id=order.request.client_order_id,
        symbol=position.symbol,
        side=position.exit_side,
        quantity=abs(position.quantity),
        price=price,
        fee=fee,
        realized_pnl=position.unrealized_pnl(price),
        is_maker=False,
        filled_at=at,
        cause=FillCause.LIQUIDATION,
    )
    after = replace(
        with_position(state, position.symbol, None, mark=price),
        wallet=state.wallet + (fill.realized_pnl - fee),
        next_order_id=state.next_order_id + 1,
        next_trade_id=state.next_trade_id + 1,
    )
    after, expired = orphans_expired(after, position.symbol, at)
    return after, [OrderChanged(order=order), OrderFilled(fill=fill), *expired]


def _covered_price(position: Position, margin: Decimal, price: Decimal, tick: Decimal) -> Decimal:
    """`price` on the tick, but never so bad that the loss exceeds `margin` (quote)."""
    bankruptcy = position.entry_price - margin / position.quantity
    if position.quantity > ZERO:
        return max(floor_to(price, tick), ceil_to(bankruptcy, tick))
    return max(tick, min(ceil_to(price, tick), floor_to(bankruptcy, tick)))


def _liquidation_order(state: BookState, position: Position, price: Decimal, at: datetime) -> Order:
    quantity = abs(position.quantity)
    return Order(
        venue_order_id=str(state.next_order_id),
        request=OrderRequest(
            symbol=position.symbol,
            side=position.exit_side,
            order_type=OrderType.MARKET,
            client_order_id=f"{LIQUIDATION_ID_PREFIX}{state.next_order_id}",
            quantity=quantity,
            reduce_only=True,
        ),
        status=OrderStatus.FILLED,
        filled_quantity=quantity,
        average_price=price,
        created_at=at,
        updated_at=at,
    )
