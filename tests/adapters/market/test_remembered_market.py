"""A remembered market says what its origin says, and asks it once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adapters.market.remembered import RecentlyUsed, RememberedMarket
from adapters.market.simulated import SimulatedMarket
from tests.adapters.venues.paper_fakes import ListedMarket
from trading.errors import BadMarketData
from trading.market import Quote
from trading.timeframes import Timeframe

AT = datetime(2026, 11, 20, tzinfo=UTC)


class Counting(SimulatedMarket):
    """Notes what it was asked."""

    def __init__(self, seed: int, *, broken: str | None = None) -> None:
        super().__init__(seed)
        self.asked: list[object] = []
        self.broken = broken

    async def instruments(self):
        self.asked.append("instruments")
        return await super().instruments()

    async def quotes(self, symbols, at):
        self.asked.append((tuple(symbols), at))
        found = dict(await super().quotes(symbols, at))
        if self.broken in found:
            found[self.broken] = BadMarketData(self.broken, "halted")
        return found

    async def order_book(self, symbol, at):
        self.asked.append(("book", symbol, at))
        return await super().order_book(symbol, at)

    async def funding_between(self, symbol, *, after, until):
        self.asked.append((symbol, after, until))
        return await super().funding_between(symbol, after=after, until=until)


async def test_a_quote_of_an_instant_is_asked_for_once_and_is_the_origins() -> None:
    origin = Counting(7)
    market = RememberedMarket(origin)
    first = await market.quote("BTCUSDT", AT)
    both = await market.quotes(("BTCUSDT", "ETHUSDT"), AT)
    assert first == both["BTCUSDT"] == await SimulatedMarket(7).quote("BTCUSDT", AT)
    assert origin.asked == [(("BTCUSDT",), AT), (("ETHUSDT",), AT)]
    await market.quote("BTCUSDT", AT + timedelta(seconds=1))
    assert len(origin.asked) == 3


async def test_a_defect_is_remembered_and_stops_nobody_else() -> None:
    origin = Counting(7, broken="ETHUSDT")
    market = RememberedMarket(origin)
    found = await market.quotes(("BTCUSDT", "ETHUSDT"), AT)
    assert isinstance(found["BTCUSDT"], Quote)
    for _ in range(2):
        with pytest.raises(BadMarketData, match="halted"):
            await market.quote("ETHUSDT", AT)
    assert len(origin.asked) == 1


async def test_quotes_that_another_has_read_are_taken_over() -> None:
    origin = Counting(7)
    market = RememberedMarket(origin)
    quote = await SimulatedMarket(8).quote("BTCUSDT", AT)
    market.remember_quotes({"BTCUSDT": quote}, AT)
    assert await market.quote("BTCUSDT", AT) == quote
    assert origin.asked == []


async def test_funding_and_instruments_are_asked_for_once() -> None:
    origin = Counting(7)
    market = RememberedMarket(origin)
    until = AT + timedelta(hours=8)
    for _ in range(2):
        await market.instruments()
        paid = await market.funding_between("BTCUSDT", after=AT, until=until)
    assert paid == await SimulatedMarket(7).funding_between("BTCUSDT", after=AT, until=until)
    assert origin.asked == ["instruments", ("BTCUSDT", AT, until)]


async def test_a_book_of_an_instant_is_asked_for_once_where_there_are_books() -> None:
    origin = Counting(7)
    market = RememberedMarket(origin)
    books = [await market.order_book("BTCUSDT", AT) for _ in range(2)]
    assert books[0] == books[1] == await SimulatedMarket(7).order_book("BTCUSDT", AT)
    assert origin.asked == [("book", "BTCUSDT", AT)]
    plain = RememberedMarket(ListedMarket(candles_by_symbol={}))
    assert await plain.order_book("BTCUSDT", AT) is None


async def test_candles_pass_through() -> None:
    origin = ListedMarket(candles_by_symbol={})
    market = RememberedMarket(origin)
    assert (market.name, market.base_timeframe) == ("listed", Timeframe.M1)
    plain = RememberedMarket(SimulatedMarket(7))
    found = await plain.candles("BTCUSDT", Timeframe.M5, until=AT, limit=3)
    between = await plain.candles_between(
        "BTCUSDT", Timeframe.M5, since=AT - timedelta(minutes=15), until=AT
    )
    assert found == between


def test_the_value_that_was_not_used_for_the_longest_time_goes_first() -> None:
    kept: RecentlyUsed[str, int] = RecentlyUsed(2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (1, None, 3)
    assert len(kept) == 2
