"""Ten instruments behind a host with a request budget: what a live market will cost, measured.

Weights are Aster's (reference: aster 2.1): candles by their number, quotes of all instruments by
two calls (premiumIndex 1, bookTicker 2), open interest 1 for each instrument.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from adapters.market.simulated import SimulatedMarket
from trading.candles import Candle
from trading.errors import BadMarketData
from trading.instruments import Instrument
from trading.market import FundingRate, Quote
from trading.ports import MarketSource, WeightBudget
from trading.timeframes import Timeframe
from trading.weights import Priority, WeightScope

ASSETS = ("BTC", "ETH", "SOL", "BNB", "XRP", "DOGE", "ADA", "AVAX", "LINK", "LTC")
HOST = WeightScope(name="aster fapi.asterdex.com", limit=2_400)
_KNOWN = 6
"""Of these the simulation has prices of their own; the others borrow the first ones."""


def candles_weight(count: int) -> int:
    return 1 if count < 100 else 2 if count < 500 else 5 if count <= 1_000 else 10


@dataclass(slots=True)
class MeteredMarket:
    """A `MarketSource` that spends before every request."""

    budget: WeightBudget
    origin: MarketSource
    base_timeframe: Timeframe = Timeframe.M1

    @property
    def name(self) -> str:
        return self.origin.name

    async def instruments(self) -> tuple[Instrument, ...]:
        known = {each.symbol: each for each in await self.origin.instruments()}
        return tuple(
            replace(known[_lender(f"{asset}USDT")], symbol=f"{asset}USDT", base=asset)
            for asset in ASSETS
        )

    async def candles(
        self, symbol: str, timeframe: Timeframe, *, until: datetime, limit: int
    ) -> tuple[Candle, ...]:
        await self.budget.spend(HOST, candles_weight(limit), Priority.MARKET)
        return await self.origin.candles(_lender(symbol), timeframe, until=until, limit=limit)

    async def candles_between(
        self, symbol: str, timeframe: Timeframe, *, since: datetime, until: datetime
    ) -> tuple[Candle, ...]:
        count = (until - since) // timeframe.length
        if count < 1:
            return ()
        await self.budget.spend(HOST, candles_weight(count), Priority.MARKET)
        return await self.origin.candles_between(
            _lender(symbol), timeframe, since=since, until=until
        )

    async def quote(self, symbol: str, at: datetime) -> Quote:
        found = (await self.quotes((symbol,), at))[symbol]
        assert isinstance(found, Quote)
        return found

    async def quotes(
        self, symbols: Sequence[str], at: datetime
    ) -> Mapping[str, Quote | BadMarketData]:
        await self.budget.spend(HOST, 3 + len(symbols), Priority.MARKET)
        return {
            symbol: replace(await self.origin.quote(_lender(symbol), at), symbol=symbol)
            for symbol in symbols
        }

    async def funding_between(
        self, symbol: str, *, after: datetime, until: datetime
    ) -> tuple[FundingRate, ...]:
        return await self.origin.funding_between(_lender(symbol), after=after, until=until)


def metered(budget: WeightBudget) -> MeteredMarket:
    return MeteredMarket(budget, SimulatedMarket(7))


def _lender(symbol: str) -> str:
    number = ASSETS.index(symbol.removesuffix("USDT"))
    return f"{ASSETS[number % _KNOWN]}USDT"
