"""Books and fundings are read for whom needs them, as of the cycle's time, and for nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.market.remembered import RememberedMarket
from adapters.market.simulated import SimulatedMarket
from tasks.market_beside import LONGEST_FUNDING_INTERVAL, Beside, add_beside, beside_of
from tests.adapters.venues.paper_fakes import ListedMarket
from tests.arena import build_account
from trading.account import LANGUAGE_MODEL, AgentKind
from trading.blend_plan import BLEND, Blend, Member
from trading.errors import BadMarketData
from trading.market import MarketView
from trading.simulation.instruments import ASSETS
from trading.simulation.quotes import quote_at
from trading.strategies.catalogue import STRATEGIES

AT = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
SYMBOLS = ("BTCUSDT", "DOGEUSDT")
DAY = timedelta(days=1)


class Watched(SimulatedMarket):
    """Notes what it was asked beside candles; may be out of order."""

    def __init__(self, *, is_broken: bool = False) -> None:
        super().__init__(7)
        self.asked: list[tuple[str, object]] = []
        self.is_broken = is_broken

    async def order_book(self, symbol, at):
        self._note("book", symbol, at)
        return await super().order_book(symbol, at)

    async def funding_between(self, symbol, *, after, until):
        self._note("funding", symbol, (after, until))
        return await super().funding_between(symbol, after=after, until=until)

    def _note(self, what: str, symbol: str, when: object) -> None:
        self.asked.append((what, when))
        if self.is_broken:
            raise BadMarketData(symbol, "halted")


@pytest.fixture
def views() -> dict[str, MarketView]:
    return {
        symbol: MarketView(
            instrument=ASSETS[symbol].instrument, quote=quote_at(7, ASSETS[symbol], AT)
        )
        for symbol in SYMBOLS
    }


def test_every_strategy_gets_what_its_entry_says_it_needs():
    for name, strategy in STRATEGIES.items():
        found = beside_of(build_account(name))
        assert found.book is strategy.needs_book
        assert (found.funding is not None) is strategy.needs_fundings
    assert beside_of(build_account("scalping")) == Beside(book=True)


def test_fundings_reach_back_over_the_candles_and_one_longest_interval():
    strategy = STRATEGIES["funding_arbitrage"]
    span = strategy.timeframes[strategy.timeframe] * strategy.timeframe.length
    assert beside_of(build_account("funding_arbitrage")) == Beside(
        funding=span + LONGEST_FUNDING_INTERVAL
    )


def test_a_blend_needs_what_its_members_need():
    members = ("momentum", "scalping", "funding_arbitrage")
    blend = Blend(members=tuple(Member(name=each, strategy=each) for each in members))
    found = beside_of(replace(build_account("momentum"), strategy=BLEND, blend=blend))
    assert found.book
    assert found.funding == beside_of(build_account("funding_arbitrage")).funding


def test_a_language_model_needs_nothing():
    asked = replace(
        build_account("momentum"), strategy=LANGUAGE_MODEL, kind=AgentKind.LLM, model="a/b"
    )
    assert beside_of(asked) == Beside()


async def test_where_nothing_is_needed_nothing_is_asked(views):
    market = Watched()
    assert await add_beside(RememberedMarket(market), views, Beside(), AT) == views
    assert market.asked == []


async def test_the_book_is_the_markets_at_the_cycles_time(views):
    market = Watched()
    found = await add_beside(RememberedMarket(market), views, Beside(book=True), AT)
    assert list(found) == list(SYMBOLS)
    for symbol, view in found.items():
        assert view.book == await SimulatedMarket(7).order_book(symbol, AT)
        assert view.book.bids[0].price == view.quote.bid
        assert view.fundings == ()
    assert {what for what, _ in market.asked} == {"book"}


async def test_fundings_are_those_up_to_the_cycles_time_oldest_first(views):
    found = await add_beside(RememberedMarket(Watched()), views, Beside(funding=DAY), AT)
    hourly = found["DOGEUSDT"].fundings
    assert [each.at for each in hourly] == [
        datetime(2026, 11, 20, 10, tzinfo=UTC) - timedelta(hours=hours)
        for hours in range(23, -1, -1)
    ]
    assert len(found["BTCUSDT"].fundings) == 3
    assert found["DOGEUSDT"].book is None


async def test_what_cannot_be_read_is_left_out_of_the_view(views):
    market = RememberedMarket(Watched(is_broken=True))
    found = await add_beside(market, views, Beside(book=True, funding=DAY), AT)
    assert [view.book for view in found.values()] == [None, None]
    assert [view.fundings for view in found.values()] == [(), ()]


async def test_a_market_without_books_leaves_the_view_without_one(views):
    market = RememberedMarket(ListedMarket(candles_by_symbol={}))
    found = await add_beside(market, views, Beside(book=True), AT)
    assert [view.book for view in found.values()] == [None, None]
