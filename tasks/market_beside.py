"""What a strategy reads of a market beside candles: the order book and the funding that was paid.

Asked for only where a strategy of the account needs it, as of the cycle's time, and asked for directly:
the collector's pass carries neither, so what an account sees does not depend on the collector. What
cannot be read is left out of the view; the strategy then holds and says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.market.remembered import RememberedMarket
from trading.account import Account
from trading.errors import BadMarketData, WeightRefused
from trading.market import FundingRate, MarketView, OrderBook
from trading.strategies.catalogue import STRATEGIES

LONGEST_FUNDING_INTERVAL = timedelta(hours=8)
"""Read back this much further than the candles, so that the oldest one knows the rate before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What is needed beside candles."""

    book: bool = False
    funding: timedelta | None = None
    """How far back; None: not needed."""


def beside_of(account: Account) -> Beside:
    """What the account's strategies read beside candles; nothing for a language model."""
    names = [account.strategy]
    if account.blend is not None:
        names = [member.strategy for member in account.blend.members]
    strategies = [STRATEGIES[name] for name in names if name in STRATEGIES]
    spans = [
        count * timeframe.length
        for strategy in strategies
        for timeframe, count in strategy.timeframes.items()
        if strategy.needs_fundings
    ]
    return Beside(
        book=any(strategy.needs_book for strategy in strategies),
        funding=max(spans) + LONGEST_FUNDING_INTERVAL if spans else None,
    )


async def add_beside(
    market: RememberedMarket, views: Mapping[str, MarketView], beside: Beside, at: datetime
) -> dict[str, MarketView]:
    """The views with what is needed; the same views where nothing is."""
    if not beside.book and beside.funding is None:
        return dict(views)
    added = await asyncio.gather(*(_add(market, view, beside, at) for view in views.values()))
    return {view.symbol: view for view in added}


async def _add(
    market: RememberedMarket, view: MarketView, beside: Beside, at: datetime
) -> MarketView:
    return replace(
        view,
        book=await _book(market, view.symbol, at) if beside.book else None,
        fundings=()
        if beside.funding is None
        else await _fundings(market, view.symbol, at - beside.funding, at),
    )


async def _book(market: RememberedMarket, symbol: str, at: datetime) -> OrderBook | None:
    try:
        return await market.order_book(symbol, at)
    except (BadMarketData, WeightRefused):
        return None


async def _fundings(
    market: RememberedMarket, symbol: str, after: datetime, until: datetime
) -> tuple[FundingRate, ...]:
    try:
        return await market.funding_between(symbol, after=after, until=until)
    except (BadMarketData, WeightRefused):
        return ()
