"""The public calls: time, rules, candles, prices, funding. They need no keys.

Times are milliseconds since the epoch, as the venue has them. Weight is charged to `MARKET` unless
somebody more important waits for the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from adapters.venues.aster import endpoints
from adapters.venues.aster.caller import Caller
from adapters.venues.aster.payloads.market import (
    BookTicker,
    Depth,
    ExchangeInfo,
    Funding,
    FundingRules,
    Kline,
    OpenInterest,
    Premium,
    ServerTime,
    read_exchange_info,
    read_klines,
)
from adapters.venues.aster.payloads.payload import rows_of, sound_rows_of
from adapters.venues.aster.queries import query
from trading.weights import Priority

_PREMIUMS = sound_rows_of(Premium)
_FUNDINGS = rows_of(Funding)
_FUNDING_RULES = sound_rows_of(FundingRules)
_TICKERS = sound_rows_of(BookTicker)
MOST_KLINES = 1500


@dataclass(frozen=True, slots=True)
class MarketCalls:
    """What anybody may ask."""

    caller: Caller

    async def time_ms(self, priority: Priority = Priority.MARKET) -> int:
        """The venue's clock, milliseconds."""
        answer = await self.caller.call(
            endpoints.TIME, (), ServerTime.model_validate, priority=priority
        )
        return answer.server_time

    async def exchange_info(self, priority: Priority = Priority.MARKET) -> ExchangeInfo:
        """Rules of all symbols; the limits that it publishes hold from now on."""
        info = await self.caller.call(
            endpoints.EXCHANGE_INFO, (), read_exchange_info, priority=priority
        )
        self.caller.spending.learn(info.rate_limits)
        return info

    async def depth(
        self, symbol: str, limit: int = 20, priority: Priority = Priority.MARKET
    ) -> Depth:
        """The order book: 5, 10, 20, 50, 100, 500 or 1000 levels on each side."""
        return await self.caller.call(
            endpoints.DEPTH,
            query(symbol=symbol, limit=limit),
            Depth.model_validate,
            priority=priority,
            weight=endpoints.depth_weight(limit),
        )

    async def klines(
        self,
        symbol: str,
        interval: str,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 500,
        is_mark: bool = False,
        priority: Priority = Priority.MARKET,
    ) -> tuple[Kline, ...]:
        """Up to 1500 candles, oldest first; the last one may be open. `is_mark`: of the mark price."""
        return await self.caller.call(
            endpoints.MARK_KLINES if is_mark else endpoints.KLINES,
            query(
                symbol=symbol, interval=interval, startTime=start_ms, endTime=end_ms, limit=limit
            ),
            read_klines,
            priority=priority,
            weight=endpoints.klines_weight(limit),
        )

    async def premiums(
        self, symbol: str | None = None, priority: Priority = Priority.MARKET
    ) -> tuple[Premium, ...]:
        """Mark price and funding of one symbol, or of all for the same weight.

        Of all, symbols whose row cannot be read are missing.
        """
        return await self.caller.call(
            endpoints.PREMIUM_INDEX, query(symbol=symbol), _PREMIUMS, priority=priority
        )

    async def fundings(
        self,
        symbol: str,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 1000,
        priority: Priority = Priority.MARKET,
    ) -> tuple[Funding, ...]:
        """Past funding instants, oldest first, from `start_ms` to `end_ms`, both included."""
        return await self.caller.call(
            endpoints.FUNDING_RATE,
            query(symbol=symbol, startTime=start_ms, endTime=end_ms, limit=limit),
            _FUNDINGS,
            priority=priority,
        )

    async def funding_rules(self, priority: Priority = Priority.MARKET) -> tuple[FundingRules, ...]:
        """Funding interval of every symbol."""
        return await self.caller.call(endpoints.FUNDING_INFO, (), _FUNDING_RULES, priority=priority)

    async def book_tickers(
        self, symbol: str | None = None, priority: Priority = Priority.MARKET
    ) -> tuple[BookTicker, ...]:
        """Best bid and ask of one symbol, or of all that can be read."""
        return await self.caller.call(
            endpoints.BOOK_TICKER,
            query(symbol=symbol),
            _TICKERS,
            priority=priority,
            weight=2 if symbol is None else 1,
        )

    async def open_interest(
        self, symbol: str, priority: Priority = Priority.MARKET
    ) -> OpenInterest:
        """Contracts outstanding; the venue does not document the call and may drop it."""
        return await self.caller.call(
            endpoints.OPEN_INTEREST,
            query(symbol=symbol),
            OpenInterest.model_validate,
            priority=priority,
        )
