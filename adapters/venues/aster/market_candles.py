"""Closed candles by start and end, in the pages that cost least.

What is closed is decided by the venue's clock. A page holds 499 candles for a weight of 2; 1,500, the
most that the venue gives, cost 10. Long stretches, which only the catching up after a stop asks for,
go slowly and wait for the budget, so that others can read beside them. Times are aware UTC.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from adapters.venues.aster.market_line import MarketLine
from adapters.venues.aster.payloads.market import Kline
from trading.candles import Candle
from trading.errors import BadMarketData, WeightRefused
from trading.timeframes import EPOCH, Timeframe

MOST_PER_PAGE = 499
QUICK_PAGES = 3
"""About a day of minutes; longer stretches pause before each further page."""
PAUSE_SECONDS = 0.5
"""Weight of at most 240 a minute for one reader of a long stretch."""
MOST_WAITS = 3
"""For the budget within one stretch; each is a minute at most."""
SETTLES_IN = timedelta(seconds=1)
"""After its end a candle may still be changed by trades that are on their way."""
LONGEST_WAIT = timedelta(seconds=10)
"""For a candle that is not closed yet by the venue's clock: two clocks are no further apart."""
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Candles of one symbol from the one that opens at `first` to the one that opens at `last`."""

    symbol: str
    timeframe: Timeframe
    first: datetime
    last: datetime
    of_mark: bool = False

    @property
    def count(self) -> int:
        return max(0, (self.last - self.first) // self.timeframe.length + 1)

    def pages(self) -> Iterator[Stretch]:
        """Oldest first."""
        length, first = self.timeframe.length, self.first
        while first <= self.last:
            last = min(self.last, first + (MOST_PER_PAGE - 1) * length)
            yield Stretch(
                symbol=self.symbol,
                timeframe=self.timeframe,
                first=first,
                last=last,
                of_mark=self.of_mark,
            )
            first = last + length


async def wait_until_closed(line: MarketLine, timeframe: Timeframe, until: datetime) -> datetime:
    """The end of the newest candle that is closed at `until` and by the venue's clock as well.

    Whoever asks right at the end of a candle waits a moment for it.
    """
    wanted = timeframe.floor(until)
    missing = wanted + SETTLES_IN - await line.venue_now()
    if timedelta(0) < missing <= LONGEST_WAIT:
        await asyncio.sleep(missing / timedelta(seconds=1))
    return min(wanted, timeframe.floor(await line.venue_now()))


async def read_candles(line: MarketLine, stretch: Stretch) -> tuple[Candle, ...]:
    """Oldest first; what the venue does not have is missing. The stretch must be closed.

    Raises `BadMarketData`, and `WeightRefused` at once for a short stretch.
    """
    candles: list[Candle] = []
    waits = MOST_WAITS if stretch.count > QUICK_PAGES * MOST_PER_PAGE else 0
    for number, page in enumerate(stretch.pages()):
        if number >= QUICK_PAGES:
            await asyncio.sleep(PAUSE_SECONDS)
        rows, waits = await _patient(line, page, waits)
        candles += (_candle(page, row) for row in rows if _is_of(page, row))
    return tuple(candles)


async def _patient(line: MarketLine, page: Stretch, waits: int) -> tuple[tuple[Kline, ...], int]:
    """The rows of a page, and how often the budget may still be waited for."""
    while True:
        try:
            return await _rows(line, page), waits
        except WeightRefused as refusal:
            if waits == 0:
                raise
            waits -= 1
            wait = (refusal.retry_at - datetime.now(UTC)) / timedelta(seconds=1)
            await asyncio.sleep(max(PAUSE_SECONDS, min(wait, 60.0)))


async def _rows(line: MarketLine, page: Stretch) -> tuple[Kline, ...]:
    return await line.ask(
        page.symbol,
        lambda calls: calls.klines(
            page.symbol,
            page.timeframe.value,
            start_ms=_ms(page.first),
            end_ms=_ms(page.last + page.timeframe.length) - 1,
            limit=page.count,
            is_mark=page.of_mark,
        ),
    )


def _is_of(page: Stretch, row: Kline) -> bool:
    return _ms(page.first) <= row.open_time <= _ms(page.last)


def _candle(page: Stretch, row: Kline) -> Candle:
    """Raises `BadMarketData` for a row that is no candle of that length."""
    length = page.timeframe.seconds * 1000
    if row.open_time % length or row.close_time - row.open_time + 1 != length:
        raise BadMarketData(
            page.symbol,
            f"the venue answered a question for {page.timeframe} candles with one from"
            f" {row.open_time} to {row.close_time} (milliseconds)",
        )
    return Candle(
        open_time=EPOCH + row.open_time * _MILLISECOND,
        open=row.open,
        high=row.high,
        low=row.low,
        close=row.close,
        volume=row.volume,
    )


def _ms(at: datetime) -> int:
    return (at - EPOCH) // _MILLISECOND
