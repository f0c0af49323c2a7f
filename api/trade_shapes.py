"""A trade as the API shows it: the round trip as booked, and the figures of it alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.arena import load_arena
from adapters.store.views.excursions import PriceRange, load_price_ranges
from adapters.store.views.trades import TradeView
from api.shapes import Exact, Shape
from trading.performance.catalogue import TRADE_RECORD_FIGURES, describe
from trading.performance.excursion import compute_excursions
from trading.performance.return_on_margin import compute_return_on_margin
from trading.positions import Direction
from trading.units import to_float


def _figure(name: str) -> Any:
    return Field(description=describe(TRADE_RECORD_FIGURES[name]))


class TradeShape(Shape):
    """A round trip, flat to flat. Net PnL = gross - fees + funding."""

    id: UUID
    account_id: str
    asset: str = Field(description="Base asset.")
    symbol: str = Field(description="The venue's text for the instrument.")
    direction: str = Field(description="long or short")
    status: str = Field(description="open or closed")
    decision_id: UUID | None = Field(description="Null: the entry was not ours.")
    opened_at: datetime = Field(description="Market time of the first fill.")
    closed_at: datetime | None = Field(description="Market time of the last fill. Null: open.")
    quantity: Exact = Field(description="base: largest quantity held at once.")
    entry_price: Exact = Field(description="quote per base: mean of the increases by quantity.")
    exit_price: Exact | None = Field(
        description="quote per base: mean of the decreases by quantity. Null: none yet."
    )
    gross_pnl: Exact = Field(description="quote: realised so far, before costs.")
    fees: Exact = Field(description="quote: paid; negative is a rebate.")
    funding: Exact = Field(description="quote: received; negative was paid.")
    net_pnl: Exact = _figure("net_pnl")
    stop_price: Exact | None = Field(description="quote per base. Null: it has no stop.")
    take_profit_price: Exact | None = Field(description="quote per base. Null: it has no target.")
    exit_plan: str = Field(description="The decider's own words. Show it as text only.")
    close_reason: str | None = Field(description="Null: open, and no exit announced.")
    leverage: int | None = Field(description="Of its position; null when none was ever reported.")
    holding_seconds: float | None = _figure("holding_seconds")
    return_on_margin: float | None = _figure("return_on_margin")
    max_adverse_excursion: float | None = _figure("max_adverse_excursion")
    max_favourable_excursion: float | None = _figure("max_favourable_excursion")


async def trade_shapes(
    conn: AsyncConnection, trades: tuple[TradeView, ...]
) -> tuple[TradeShape, ...]:
    """Trades with the figures that need stored candles; without an arena there are none."""
    arena = await conn.run_sync(load_arena)
    ids = [trade.id for trade in trades]
    ranges = await load_price_ranges(conn, arena.market, ids) if arena else {}
    return tuple(_shape(trade, ranges.get(trade.id)) for trade in trades)


def _shape(trade: TradeView, prices: PriceRange | None) -> TradeShape:
    direction = Direction(trade.direction)
    excursions = compute_excursions(
        direction,
        entry_price=trade.entry_price,
        lowest=prices.lowest if prices else None,
        highest=prices.highest if prices else None,
        exit_price=trade.exit_price,
    )
    held = trade.closed_at - trade.opened_at if trade.closed_at else None
    booked = {name: getattr(trade, name) for name in TradeView.__dataclass_fields__}
    return TradeShape(
        **booked,
        holding_seconds=held.total_seconds() if held else None,
        return_on_margin=_return_on_margin(trade, direction),
        max_adverse_excursion=excursions.adverse if excursions else None,
        max_favourable_excursion=excursions.favourable if excursions else None,
    )


def _return_on_margin(trade: TradeView, direction: Direction) -> float | None:
    if trade.exit_price is None or trade.leverage is None:
        return None
    ratio = compute_return_on_margin(
        direction,
        entry_price=trade.entry_price,
        price=trade.exit_price,
        leverage=trade.leverage,
    )
    return None if ratio is None else to_float(ratio)
