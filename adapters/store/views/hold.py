"""The benchmark that every agent has to beat: BTC bought once and held, from stored candles.

The line is a ratio to the price at its start; it pays no fees and no funding, and says so where
it is shown. Closed candles only; prices are known from the close of their candle on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.tables import candles, instruments

BENCHMARK_BASE = "BTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """The instrument and the finest stored candles of the benchmark."""

    market: str
    symbol: str
    timeframe_seconds: int


@dataclass(frozen=True, slots=True)
class PricePoint:
    """Last traded price (quote per base) known at an instant."""

    at: datetime
    price: Decimal


async def find_benchmark(conn: AsyncConnection, market: str) -> Benchmark | None:
    """None while no BTC candle of the market has been stored."""
    symbol = await conn.scalar(
        select(instruments.c.symbol)
        .where(instruments.c.market == market, instruments.c.base == BENCHMARK_BASE)
        .order_by(instruments.c.symbol)
        .limit(1)
    )
    if symbol is None:
        return None
    finest = await conn.scalar(
        select(func.min(candles.c.timeframe_seconds)).where(
            candles.c.market == market, candles.c.symbol == symbol
        )
    )
    if finest is None:
        return None
    return Benchmark(market=market, symbol=symbol, timeframe_seconds=finest)


_KNOWN_AT = text(
    """
    select wanted.instant, coalesce(known.close, next.open) as price
    from unnest(cast(:instants as timestamptz[])) as wanted(instant)
    left join lateral (
        select close from app.candles
        where market = :market and symbol = :symbol and timeframe_seconds = :seconds and closed
          and open_time <= wanted.instant - make_interval(secs => :seconds)
        order by open_time desc limit 1
    ) as known on true
    left join lateral (
        select open from app.candles
        where market = :market and symbol = :symbol and timeframe_seconds = :seconds and closed
          and open_time > wanted.instant - make_interval(secs => :seconds)
        order by open_time limit 1
    ) as next on true
    """
)


async def load_prices_at(
    conn: AsyncConnection, benchmark: Benchmark, instants: Sequence[datetime]
) -> dict[datetime, Decimal]:
    """The price known at each instant; before the first candle, the price it opened with."""
    rows = await conn.execute(_KNOWN_AT, {"instants": list(instants), **_key(benchmark)})
    return {row.instant: row.price for row in rows if row.price is not None}


# The same thinning as for equity: lowest and highest close of each bucket at their own instants.
_LINE = text(
    """
    select min(array[close, extract(epoch from open_time)]) as low,
           max(array[close, extract(epoch from open_time)]) as high,
           max(array[extract(epoch from open_time), close]) as newest
    from app.candles
    where market = :market and symbol = :symbol and timeframe_seconds = :seconds and closed
      and open_time >= cast(:first as timestamptz) - make_interval(secs => :seconds)
      and open_time <= cast(:last as timestamptz) - make_interval(secs => :seconds)
    group by floor((extract(epoch from open_time) - extract(epoch from cast(:first as timestamptz)))
                   / cast(:width as numeric))
    """
)


async def load_price_line(
    conn: AsyncConnection,
    benchmark: Benchmark,
    *,
    first: datetime,
    last: datetime,
    max_points: int,
) -> tuple[PricePoint, ...]:
    """Closes known from `first` to `last`, oldest first, at most `max_points`."""
    buckets = max_points // 2 - 2
    width = max((last - first).total_seconds() / buckets, benchmark.timeframe_seconds)
    rows = await conn.execute(
        _LINE, {"first": first, "last": last, "width": width, **_key(benchmark)}
    )
    length = timedelta(seconds=benchmark.timeframe_seconds)
    points: set[PricePoint] = set()
    newest: PricePoint | None = None
    for row in rows:
        points |= {_point(*row.low, length), _point(*row.high, length)}
        epoch, close = row.newest
        candidate = _point(close, epoch, length)
        newest = candidate if newest is None or newest.at < candidate.at else newest
    if newest is not None:
        points.add(newest)
    return tuple(sorted(points, key=lambda point: point.at))


def _key(benchmark: Benchmark) -> dict[str, Any]:
    return {
        "market": benchmark.market,
        "symbol": benchmark.symbol,
        "seconds": benchmark.timeframe_seconds,
    }


def _point(price: Decimal, epoch: Decimal, length: timedelta) -> PricePoint:
    return PricePoint(datetime.fromtimestamp(int(epoch), UTC) + length, price)
