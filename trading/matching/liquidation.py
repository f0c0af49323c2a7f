"""When the venue takes a position away, and what that costs. Prices are quote per base.

A position is liquidated when isolated margin + unrealised PnL <= maintenance margin, which is
notional x ratio - cumulative of the bracket of the notional at that price. It costs the whole
isolated margin and nothing more: the loss at the fill price, and the rest as liquidation fee.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from trading.instruments import Instrument
from trading.matching.booking import orphans_expired, without_position
from trading.orders import Fill, FillCause, Order, OrderRequest, OrderStatus, OrderType
from trading.paper_book import BookState, OrderChanged, OrderFilled, VenueEvent
from trading.positions import Position
from trading.units import ZERO, ceil_to, floor_to

LIQUIDATION_ID_PREFIX = "autoclose-"
"""Aster's client ids of liquidation orders begin with it."""


def maintenance_margin(instrument: Instrument, notional: Decimal) -> Decimal:
    """Margin (quote) below which a position of this notional (quote) is liquidated."""
    row = instrument.bracket_for(notional)
    return notional * row.maintenance_ratio - row.cumulative


def liquidation_price(position: Position, instrument: Instrument) -> Decimal | None:
    """Mark at which margin balance equals maintenance margin; None when no price > 0 does.

    Not rounded to the tick. Each bracket is a straight line in the price, and because `cumulative`
    makes them meet at the floors the margin is their upper hull: the line met first decides.
    """
    size = abs(position.quantity)
    cost = position.entry_price * size
    if position.quantity > ZERO:
        price = max(
            (cost - position.isolated_margin - row.cumulative)
            / (size * (1 - row.maintenance_ratio))
            for row in instrument.brackets
        )
    else:
        price = min(
            (cost + position.isolated_margin + row.cumulative)
            / (size * (1 + row.maintenance_ratio))
            for row in instrument.brackets
        )
    return price if price > ZERO else None


def liquidate(
    state: BookState, position: Position, *, instrument: Instrument, price: Decimal, at: datetime
) -> tuple[BookState, list[VenueEvent]]:
    """Close `position` at `price` or better; the wallet loses exactly its isolated margin."""
    fill_price = _covered_price(position, price, instrument.tick_size)
    realized = (fill_price - position.entry_price) * position.quantity
    order = _liquidation_order(state, position, fill_price, at)
    fill = Fill(
        trade_id=str(state.next_trade_id),
        venue_order_id=order.venue_order_id,
        client_order_id=order.request.client_order_id,
        symbol=position.symbol,
        side=position.exit_side,
        quantity=abs(position.quantity),
        price=fill_price,
        fee=position.isolated_margin + realized,
        realized_pnl=realized,
        is_maker=False,
        filled_at=at,
        cause=FillCause.LIQUIDATION,
    )
    after = replace(
        without_position(state, position.symbol),
        wallet=state.wallet - position.isolated_margin,
        next_order_id=state.next_order_id + 1,
        next_trade_id=state.next_trade_id + 1,
    )
    after, expired = orphans_expired(after, position.symbol, at)
    return after, [OrderChanged(order=order), OrderFilled(fill=fill), *expired]


def _covered_price(position: Position, price: Decimal, tick: Decimal) -> Decimal:
    """`price` on the tick, but never so bad that the loss exceeds the isolated margin."""
    margin_per_unit = position.isolated_margin / position.quantity
    bankruptcy = position.entry_price - margin_per_unit
    if position.quantity > ZERO:
        return max(floor_to(price, tick), ceil_to(bankruptcy, tick))
    return min(ceil_to(price, tick), floor_to(bankruptcy, tick))


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
