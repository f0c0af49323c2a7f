"""The market's streams against the sandbox: candles, prices, books, gaps, and symbols that change."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.venues.aster.networks import VenueAddress, venue_address
from adapters.venues.aster.streams.connection import Gap
from adapters.venues.aster.streams.market_events import (
    Book,
    ClosedCandle,
    LastPrice,
    Mark,
    read_market_event,
)
from adapters.venues.aster.streams.market_stream import MarketStream
from tests.adapters.venues.aster.streams.conftest import QUICK, next_gap, next_of
from tests.adapters.venues.aster.streams.freezing_proxy import freezing_proxy
from tests.aster_sandbox.server import Sandbox
from tests.waiting import until
from trading.account import Network

D = Decimal


@pytest.fixture
def address(sandbox: Sandbox) -> VenueAddress:
    return venue_address(Network.TESTNET, sandbox.url)


async def test_a_symbol_is_told_by_candles_marks_and_books(
    sandbox: Sandbox, address: VenueAddress
) -> None:
    async with MarketStream(address, QUICK) as news:
        await news.follow({"BTCUSDT"})
        assert (await next_gap(news)).symbols == {"BTCUSDT"}
        assert news.is_up
        sandbox.set_price("BTCUSDT", D(60_100), mark=D(60_050))
        mark = await next_of(news, Mark)
        while mark.mark != 60_050:
            mark = await next_of(news, Mark)
        book, last = await next_of(news, Book), await next_of(news, LastPrice)
        assert mark.funding_rate == D("0.0001")
        assert mark.next_funding_at is not None
        assert (book.bid, book.ask) == (D("60099.9"), D("60100.1"))
        assert last.price == 60_100
        sandbox.pass_minute("BTCUSDT", D(60_200))
        closed = await next_of(news, ClosedCandle)
        assert (closed.candle.high, closed.candle.close) == (60_100, 60_100)
        assert closed.candle.open_time.second == 0


async def test_symbols_come_and_go_while_it_runs_and_a_new_one_begins_with_its_own_gap(
    sandbox: Sandbox, address: VenueAddress
) -> None:
    async with MarketStream(address, QUICK) as news:
        await news.follow({"BTCUSDT"})
        await next_gap(news)
        await news.follow({"BTCUSDT", "ETHUSDT"})
        assert (await next_gap(news)).symbols == {"ETHUSDT"}
        sandbox.set_price("ETHUSDT", D(3_100))
        assert (await next_of(news, Book)).symbol == "ETHUSDT"
        await news.follow({"ETHUSDT"})
        assert news.symbols == {"ETHUSDT"}
        connections = sandbox.venue.hub.connections
        await until(lambda: not any("btcusdt@bookTicker" in each.streams for each in connections))
        await news.follow(())
        await until(lambda: not connections)


async def test_more_symbols_than_one_connection_takes_are_spread_over_several(
    sandbox: Sandbox, address: VenueAddress
) -> None:
    names = sorted(sandbox.venue.markets)[:3]
    async with MarketStream(address, QUICK, symbols_on_one=2) as news:
        await news.follow(names)
        gaps = [await next_gap(news), await next_gap(news)]
        assert sorted(len(gap.symbols) for gap in gaps) == [1, 2]
        assert news.symbols == set(names)
        assert len(sandbox.venue.hub.connections) == 2
        await news.follow(names[1:])
        assert news.symbols == set(names[1:])


async def test_a_lost_connection_names_the_symbols_whose_events_may_be_missing(
    sandbox: Sandbox, address: VenueAddress
) -> None:
    async with MarketStream(address, QUICK) as news:
        await news.follow({"BTCUSDT", "ETHUSDT"})
        await next_gap(news)
        sandbox.drop_streams()
        assert (await next_gap(news)).symbols == {"BTCUSDT", "ETHUSDT"}
        sandbox.set_price("ETHUSDT", D(3_100))
        assert (await next_of(news, Book)).symbol == "ETHUSDT"


async def test_a_market_that_falls_silent_is_connected_anew(sandbox: Sandbox) -> None:
    async with freezing_proxy(sandbox.url) as proxy:
        address = venue_address(Network.TESTNET, proxy.url)
        settings = replace(QUICK, silence_seconds=0.5)
        async with MarketStream(address, settings) as news:
            await news.follow({"BTCUSDT"})
            await next_gap(news)
            proxy.freeze()
            assert "no message for 0.5 s" in (await next_gap(news)).why


async def test_a_planned_exchange_tells_every_closed_candle_once(
    sandbox: Sandbox, address: VenueAddress
) -> None:
    settings = replace(QUICK, swap_seconds=0.3, overlap_seconds=0.15)
    heard: list[ClosedCandle] = []
    gaps = 0

    async def go_on() -> None:
        for number in range(25):
            await asyncio.to_thread(sandbox.pass_minute, "BTCUSDT", D(60_000 + number))
            await asyncio.sleep(0.05)

    async with MarketStream(address, settings) as news:
        await news.follow({"BTCUSDT"})
        await next_gap(news)
        moving = asyncio.create_task(go_on())
        async with asyncio.timeout(30):
            while len(heard) < 25:
                record = await anext(news)
                gaps += isinstance(record, Gap)
                if isinstance(record, ClosedCandle):
                    heard.append(record)
        await moving
    opened = [each.candle.open_time for each in heard]
    assert opened == [opened[0] + n * timedelta(minutes=1) for n in range(25)]
    assert gaps == 0


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"stream": "x", "data": [1]},
        {"e": "bookTicker", "E": 1, "s": "BTCUSDT"},
        {"e": "bookTicker", "E": 1, "s": "BTCUSDT", "b": "NaN", "B": "1", "a": "1", "A": "1"},
        {"e": "markPriceUpdate", "E": 1 << 60, "s": "BTCUSDT", "p": "1"},
        {"e": "kline", "E": 1, "s": "BTCUSDT", "k": {"i": "1m", "t": 1}},
        {"e": "forceOrder", "E": 1, "s": "BTCUSDT"},
    ],
    ids=str,
)
def test_events_that_lack_their_fields_or_mean_nothing_here_are_left_out(
    document: dict[str, object],
) -> None:
    assert read_market_event(document) == ()


def test_a_mark_without_a_funding_rate_has_none() -> None:
    event = {"e": "markPriceUpdate", "E": 1, "s": "BTCUSDT", "p": "1.5", "r": "", "T": 0}
    (mark,) = read_market_event(event)
    assert isinstance(mark, Mark)
    assert (mark.mark, mark.funding_rate, mark.next_funding_at) == (D("1.5"), None, None)
