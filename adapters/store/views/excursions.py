"""Lowest and highest price while a trade was open, from stored candles wholly inside its time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Quote per base."""

    lowest: Decimal
    highest: Decimal


# The finest candles of the instrument: coarser ones would leave out more at both ends of the trade.
_RANGES = text(
    """
    with finest as (
        select symbol, (
            select min(timeframe_seconds) from app.candles
            where market = :market and candles.symbol = traded.symbol
        ) as seconds
        from (select distinct symbol from app.trades where id = any(:ids)) as traded
    )
    select trades.id, min(candles.low) as lowest, max(candles.high) as highest
    from app.trades
    join finest using (symbol)
    join app.candles on candles.market = :market and candles.symbol = trades.symbol
        and candles.timeframe_seconds = finest.seconds and candles.closed
        and candles.open_time >= trades.opened_at
        and candles.open_time
            <= coalesce(trades.closed_at, 'infinity'::timestamptz) - make_interval(secs => seconds)
    where trades.id = any(:ids)
    group by trades.id
    """
)


async def load_price_ranges(
    conn: AsyncConnection, market: str, trade_ids: Sequence[UUID]
) -> dict[UUID, PriceRange]:
    """By trade; a trade without a candle inside it has no entry."""
    if not trade_ids:
        return {}
    rows = await conn.execute(_RANGES, {"market": market, "ids": list(trade_ids)})
    return {row.id: PriceRange(row.lowest, row.highest) for row in rows}
