"""A market with a history: ten contracts whose past, and on request whose future, is the simulation's.

The path of a contract is a pure function of time, so every candle of every length is there however
long ago it was. What a test does to the price by hand is laid over it. Ten contracts, four of which
borrow the path of another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from tests.aster_sandbox.market import Market, point
from tests.aster_sandbox.symbols import contract
from tests.aster_sandbox.venue_time import instant_of
from trading.candles import Candle
from trading.market import FundingRate
from trading.simulation import candles as simulated
from trading.simulation.funding import funding_between
from trading.simulation.instruments import ASSETS, SimulatedAsset
from trading.simulation.quotes import quote_at
from trading.timeframes import Timeframe, floor_instant
from trading.units import ZERO

if TYPE_CHECKING:
    from tests.aster_sandbox.venue import Venue

SEED = 7
LENDERS = {
    "BTC": "BTC",
    "ETH": "ETH",
    "ASTER": "XRP",
    "SOL": "SOL",
    "BNB": "BNB",
    "XRP": "XRP",
    "DOGE": "DOGE",
    "ADA": "XRP",
    "AVAX": "SOL",
    "LINK": "BNB",
}
"""Whose path each base asset follows."""
_MOST_IN_ONE_ORDER = "100000"
_MOVES_EVERY_MS = 1000


@dataclass(frozen=True, slots=True)
class Past:
    """The path of one contract."""

    lender: SimulatedAsset

    def price_at(self, at: datetime) -> Decimal:
        return quote_at(SEED, self.lender, at).last

    def candles(self, timeframe: Timeframe, first: datetime, end: datetime) -> list[Candle]:
        """Closed candles that open from `first` on and close at `end` at the latest."""
        return list(simulated.candles_between(SEED, self.lender, timeframe, since=first, until=end))

    def fundings(self, symbol: str, interval: timedelta, until: datetime) -> list[FundingRate]:
        """The last hundred instants up to `until`, oldest first."""
        paid = _paid(self.lender, interval, floor_instant(until, interval))
        return [replace(each, symbol=symbol) for each in paid]


@lru_cache(maxsize=64)
def _paid(lender: SimulatedAsset, interval: timedelta, last: datetime) -> tuple[FundingRate, ...]:
    """A hundred instants, the last one included: the same for all sandboxes of an hour."""
    instrument = replace(lender.instrument, funding_interval=interval)
    asset = replace(lender, instrument=instrument)
    return tuple(funding_between(SEED, asset, after=last - 100 * interval, until=last))


def give_past(venue: Venue) -> None:
    """Give the venue the ten contracts, each standing where its path is now."""
    now = instant_of(venue.time.now_ms)
    for base, lender in LENDERS.items():
        symbol, path = f"{base}USDT", Past(ASSETS[f"{lender}USDT"])
        if symbol not in venue.markets:
            like = path.lender.instrument
            made = contract(base, str(like.tick_size), str(like.step_size), _MOST_IN_ONE_ORDER)
            venue.add_market(made, path.price_at(now))
        market = venue.market(symbol)
        market.past, market.candles, market.mark_candles = path, [], []
        market.funding_rate = quote_at(SEED, path.lender, now).funding_rate or ZERO
        market.fundings = path.fundings(symbol, market.instrument.funding_interval, now)
        price = point(path.price_at(now), now)
        market.trade(price, price, now)


@dataclass(slots=True)
class Mover:
    """Moves every contract along its path, once a second."""

    _next_ms: int = 0

    def move(self, venue: Venue) -> None:
        now_ms = venue.time.now_ms
        if now_ms < self._next_ms:
            return
        self._next_ms = now_ms + _MOVES_EVERY_MS
        for symbol, market in venue.markets.items():
            if market.past is not None:
                venue.set_price(symbol, market.past.price_at(instant_of(now_ms)))


def klines_of(
    market: Market,
    timeframe: Timeframe,
    *,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    now: datetime,
    of_mark: bool,
) -> list[Candle]:
    """Candles of a market with a past, the open one included, as the venue cuts them."""
    assert market.past is not None
    length, newest = timeframe.length, timeframe.floor(now)
    last = newest if until is None else min(newest, timeframe.floor(until))
    if since is None:
        first = last - (limit - 1) * length
    else:
        first = timeframe.floor(since)
        first += length if first < since else timedelta(0)
        last = min(last, first + (limit - 1) * length)
    if last < first:
        return []
    rows = market.past.candles(timeframe, first, min(last + length, newest))
    if last == newest:
        minutes = market.past.candles(Timeframe.M1, newest, now)
        price = market.mark if of_mark else market.last
        rows.append(_open_candle(newest, minutes, price))
    own = {each.open_time: each for each in market.history(timeframe, of_mark=of_mark)}
    return [_over(row, own.get(row.open_time)) for row in rows]


def _open_candle(opens: datetime, minutes: list[Candle], price: Decimal) -> Candle:
    parts = [*minutes, point(price, opens)]
    return Candle(
        opens,
        parts[0].open,
        max(each.high for each in parts),
        min(each.low for each in parts),
        price,
        sum((each.volume for each in parts), ZERO),
    )


def _over(path: Candle, own: Candle | None) -> Candle:
    """What was traded by hand in the candle of the path."""
    if own is None:
        return path
    return Candle(
        path.open_time,
        path.open,
        max(path.high, own.high),
        min(path.low, own.low),
        own.close,
        path.volume + own.volume,
    )
