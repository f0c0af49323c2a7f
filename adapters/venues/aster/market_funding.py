"""Funding that was paid, with the mark price of its instant.

Instants lie on full hours and a little after them; a stretch of time without a full hour is not
asked for at all. A rate that must have been paid a moment ago is waited for, because the venue
writes it down some seconds later and nobody asks for that stretch again. Times are aware UTC.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal

from adapters.venues.aster.market_calls import MarketCalls
from adapters.venues.aster.market_candles import Stretch, read_candles
from adapters.venues.aster.market_line import MarketLine
from adapters.venues.aster.payloads.market import Funding
from trading.errors import BadMarketData
from trading.instruments import Instrument
from trading.market import FundingRate
from trading.timeframes import EPOCH, Timeframe, floor_instant

_log = logging.getLogger("perpflow.aster")

MOST_ROWS = 1000
LATE_BY = timedelta(seconds=60)
"""How long after the hour an instant may be dated, and how long a missing one may still appear."""
WAIT_SECONDS = 2.5
MOST_WAITS = 4
_HOUR = timedelta(hours=1)
_MILLISECOND = timedelta(milliseconds=1)


async def read_fundings(
    line: MarketLine, instrument: Instrument, *, after: datetime, until: datetime
) -> tuple[FundingRate, ...]:
    """Instants with `after < at <= until`, oldest first.

    Raises `BadMarketData` (also where a mark price is missing) and `WeightRefused`.
    """
    if floor_instant(until, _HOUR) + LATE_BY <= after:
        return ()
    rows = await _settled(line, instrument, after, until)
    if not rows:
        return ()
    marks = await _marks(line, instrument.symbol, [_instant(row) for row in rows])
    return tuple(
        FundingRate(
            symbol=row.symbol,
            at=_instant(row),
            rate=row.funding_rate,
            mark=marks[_instant(row)],
        )
        for row in rows
    )


async def _settled(
    line: MarketLine, instrument: Instrument, after: datetime, until: datetime
) -> list[Funding]:
    """The rows, once that of the newest instant is among them."""
    expected = floor_instant(until, instrument.funding_interval)
    is_inside = after < expected <= until
    for _ in range(MOST_WAITS):
        rows = await _rows(line, instrument.symbol, after, until)
        if not is_inside or any(_instant(row) >= expected for row in rows):
            return rows
        if await line.venue_now() - expected > LATE_BY:
            return rows  # long ago: then it was not paid, or the interval was another one
        await asyncio.sleep(WAIT_SECONDS)
    _log.warning(
        "%s: the funding of %s is not written down by the venue yet; it is left out",
        instrument.symbol, f"{expected:%Y-%m-%dT%H:%MZ}",
    )  # fmt: skip
    return await _rows(line, instrument.symbol, after, until)


async def _rows(line: MarketLine, symbol: str, after: datetime, until: datetime) -> list[Funding]:
    """All pages of `after < at <= until`."""
    found: list[Funding] = []
    start, end = _ms(after) + 1, _ms(until)
    while start <= end:
        page = await line.ask(symbol, _page(symbol, start, end))
        inside = sorted(
            (row for row in page if start <= row.funding_time <= end and row.symbol == symbol),
            key=lambda row: row.funding_time,
        )
        found += inside
        if len(page) < MOST_ROWS or not inside:
            break
        start = inside[-1].funding_time + 1
    return found


def _page(
    symbol: str, start: int, end: int
) -> Callable[[MarketCalls], Awaitable[tuple[Funding, ...]]]:
    return lambda calls: calls.fundings(symbol, start_ms=start, end_ms=end, limit=MOST_ROWS)


async def _marks(
    line: MarketLine, symbol: str, instants: list[datetime]
) -> dict[datetime, Decimal]:
    """Mark price at each instant: the open of the mark candle that it lies in."""
    is_hourly = all(at - floor_instant(at, _HOUR) < LATE_BY for at in instants)
    timeframe = Timeframe.H1 if is_hourly else Timeframe.M1
    stretch = Stretch(
        symbol=symbol,
        timeframe=timeframe,
        first=timeframe.floor(instants[0]),
        last=timeframe.floor(instants[-1]),
        of_mark=True,
    )
    opens = {each.open_time: each.open for each in await read_candles(line, stretch)}
    missing = next((at for at in instants if timeframe.floor(at) not in opens), None)
    if missing is not None:
        raise BadMarketData(symbol, f"no mark price at the funding of {missing:%Y-%m-%dT%H:%MZ}")
    return {at: opens[timeframe.floor(at)] for at in instants}


def _instant(row: Funding) -> datetime:
    return EPOCH + row.funding_time * _MILLISECOND


def _ms(at: datetime) -> int:
    return (at - EPOCH) // _MILLISECOND
