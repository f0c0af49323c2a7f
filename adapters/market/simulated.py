"""The simulated market as a market source: a pure function of the seed, the same in every process.

Shown as SIMULATED wherever it is seen; its prices are made up and prove nothing about profit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from trading.candles import Candle
from trading.errors import BadMarketData, InvalidRecord
from trading.instruments import Instrument
from trading.market import FundingRate, OrderBook, Quote
from trading.simulation import candles as simulated_candles
from trading.simulation import funding
from trading.simulation.books import book_at
from trading.simulation.instruments import ASSETS, require_asset
from trading.simulation.quotes import quote_at
from trading.timeframes import Timeframe

_SEEDS = 2**63


class SimulatedMarket:
    """`MarketSource` and `BookSource` over `trading.simulation`; cheap to build, holds no state."""

    def __init__(self, seed: int) -> None:
        """Raises `InvalidRecord` for a seed below 0 or from 2^63 on."""
        if not 0 <= seed < _SEEDS:
            raise InvalidRecord(f"seed is {seed}, allowed is 0 up to {_SEEDS - 1}")
        self.seed = seed

    @property
    def name(self) -> str:
        return f"simulated-{self.seed}"

    @property
    def base_timeframe(self) -> Timeframe:
        return Timeframe.M1

    async def instruments(self) -> tuple[Instrument, ...]:
        return tuple(asset.instrument for asset in ASSETS.values())

    async def candles(
        self, symbol: str, timeframe: Timeframe, *, until: datetime, limit: int
    ) -> tuple[Candle, ...]:
        """Raises `UnknownName` for an unknown symbol."""
        return simulated_candles.candles_until(
            self.seed, require_asset(symbol), timeframe, until=until, limit=limit
        )

    async def candles_between(
        self, symbol: str, timeframe: Timeframe, *, since: datetime, until: datetime
    ) -> tuple[Candle, ...]:
        """Raises `UnknownName` for an unknown symbol."""
        return simulated_candles.candles_between(
            self.seed, require_asset(symbol), timeframe, since=since, until=until
        )

    async def quote(self, symbol: str, at: datetime) -> Quote:
        """Raises `UnknownName` for an unknown symbol."""
        return quote_at(self.seed, require_asset(symbol), at)

    async def quotes(
        self, symbols: Sequence[str], at: datetime
    ) -> Mapping[str, Quote | BadMarketData]:
        """Raises `UnknownName` for an unknown symbol; every known one has a quote."""
        return {symbol: await self.quote(symbol, at) for symbol in symbols}

    async def funding_between(
        self, symbol: str, *, after: datetime, until: datetime
    ) -> tuple[FundingRate, ...]:
        """Raises `UnknownName` for an unknown symbol."""
        return funding.funding_between(self.seed, require_asset(symbol), after=after, until=until)

    async def order_book(self, symbol: str, at: datetime) -> OrderBook:
        """Raises `UnknownName` for an unknown symbol."""
        return book_at(self.seed, require_asset(symbol), at)
