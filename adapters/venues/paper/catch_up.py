"""Bringing a paper book to an instant: the candles and funding it has not matched yet.

Only symbols with a position or an open order are loaded, in stretches that bound memory; because
matching gives the same book for any split, the stretch length is no rule. Candles that are
missing or defective are passed over: what exists is matched.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from trading.candles import Candle, candle_defect
from trading.errors import BadMarketData, VenueUnavailable
from trading.instruments import Instrument
from trading.matching.advance import advance
from trading.paper_book import BookState, VenueEvent
from trading.ports import MarketSource

CANDLES_PER_STRETCH = 5_000
"""Per symbol; about 3.5 days of 1m candles, 3 MB of memory."""


async def catch_up(
    state: BookState,
    *,
    market: MarketSource,
    instruments: Mapping[str, Instrument],
    until: datetime,
) -> tuple[BookState, list[VenueEvent]]:
    """The book at `until`, and what happened on the way; unchanged if it is there already.

    Raises
    ------
    VenueUnavailable
        The market could not say what was traded, so nothing was matched.
    """
    events: list[VenueEvent] = []
    while state.matched_until < until:
        symbols = _concerned(state)
        end = end_of_stretch(state, market, until)
        try:
            state, more = await _advance(state, symbols, market, instruments, end)
        except BadMarketData as error:
            raise VenueUnavailable(
                f"paper venue cannot match up to {end:%Y-%m-%dT%H:%M:%SZ}: {error};"
                " it tries again with the next call"
            ) from error
        events += more
    return state, events


def end_of_stretch(state: BookState, market: MarketSource, until: datetime) -> datetime:
    """How far the book is brought at once; without anything at stake there is nothing to load."""
    if not _concerned(state):
        return until
    stretch = market.base_timeframe.length * CANDLES_PER_STRETCH
    return min(until, state.matched_until + stretch)


def _concerned(state: BookState) -> list[str]:
    return sorted({*state.positions, *(order.symbol for order in state.orders.values())})


async def _advance(
    state: BookState,
    symbols: list[str],
    market: MarketSource,
    instruments: Mapping[str, Instrument],
    until: datetime,
) -> tuple[BookState, list[VenueEvent]]:
    after = state.matched_until
    return advance(
        state,
        candles_by_symbol={
            symbol: await _sound_candles(market, symbol, after, until) for symbol in symbols
        },
        fundings_by_symbol={
            symbol: await market.funding_between(symbol, after=after, until=until)
            for symbol in symbols
        },
        timeframe=market.base_timeframe,
        until=until,
        instruments=instruments,
    )


async def _sound_candles(
    market: MarketSource, symbol: str, after: datetime, until: datetime
) -> list[Candle]:
    timeframe = market.base_timeframe
    # One length back: a candle that was still open at the last instant is matched now.
    since = after - timeframe.length
    candles = await market.candles_between(symbol, timeframe, since=since, until=until)
    return [candle for candle in candles if candle_defect(candle) is None]
