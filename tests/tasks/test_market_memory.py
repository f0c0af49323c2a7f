"""Whatever a process remembers or finds in the store, it reads what the market says at that moment."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from random import Random

import pytest
from sqlalchemy import Engine

from adapters.market.remembered import RememberedMarket
from tasks.market_memory import SLACK, MarketMemory
from tasks.market_reading import Reading, read_market
from tasks.market_storing import note_stored, save_unstored, unstored_prices
from tasks.market_wants import Wants
from tests.adapters.venues.paper_fakes import ListedMarket
from trading.candles import Candle, CandleWindow
from trading.errors import BadMarketData
from trading.timeframes import Timeframe

pytestmark = pytest.mark.db

START = datetime(2026, 11, 20, tzinfo=UTC)
M1 = Timeframe.M1
SYMBOLS = ("BTCUSDT", "ETHUSDT")


def candle(number: int) -> Candle:
    price = Decimal(100 + number % 13)
    return Candle(START + number * M1.length, price, price + 2, price - 2, price + 1, Decimal(5))


def at(number: int) -> datetime:
    return START + number * M1.length


def said(build) -> object:
    try:
        window: CandleWindow = build()
    except BadMarketData as refusal:
        return refusal.reason
    return (window.candles, window.closes.tobytes(), window.volumes.tobytes())


def fresh(market: ListedMarket, symbol: str, until: datetime, count: int) -> object:
    """The same question to the market, by somebody who remembers nothing."""
    candles = asyncio.run(market.candles(symbol, M1, until=until, limit=count))
    return said(lambda: CandleWindow(symbol, M1, candles))


def read(engine: Engine, memory: MarketMemory, counts: dict[str, int], until: datetime) -> Reading:
    wants = Wants((), {(symbol, M1): count for symbol, count in counts.items()})
    return asyncio.run(read_market(engine, memory, wants, until))


def store(engine: Engine, memory: MarketMemory, reading: Reading) -> None:
    unstored = unstored_prices(memory, reading)
    with engine.begin() as conn:
        save_unstored(conn, memory.market.name, unstored)
    note_stored(memory, unstored)


@pytest.mark.parametrize("seed", range(6))
def test_reading_again_and_again_says_what_the_market_says(engine: Engine, seed: int) -> None:
    """Holes that close later, slots that go back, new processes, stores that lag behind."""
    chance = Random(seed)
    missing = {symbol: {chance.randrange(300) for _ in range(4)} for symbol in SYMBOLS}
    memory, market = MarketMemory(RememberedMarket(listed(missing))), listed(missing)
    now = 40
    for _ in range(60):
        now += chance.choice((0, 1, 1, 2, 7))
        if chance.random() < 0.1:
            missing[chance.choice(SYMBOLS)].clear()  # the venue fills its holes after all
            market = listed(missing)
            memory.market._origin = market
        if chance.random() < 0.15:
            memory = MarketMemory(RememberedMarket(market))
        until = now - chance.choice((0, 0, 0, 1, 3, 30))
        counts = {symbol: chance.choice((5, 12, 30, 80)) for symbol in SYMBOLS}
        reading = read(engine, memory, counts, at(until))
        for symbol, count in counts.items():
            series = reading.series[symbol, M1]
            found = (
                series.reason
                if isinstance(series, BadMarketData)
                else said(partial(series.window, at(until), count))
            )
            assert found == fresh(market, symbol, at(until), count), (symbol, until, count)
        if chance.random() < 0.7:
            store(engine, memory, reading)


def listed(missing: dict[str, set[int]]) -> ListedMarket:
    return ListedMarket(
        candles_by_symbol={
            symbol: [candle(number) for number in range(400) if number not in missing[symbol]]
            for symbol in SYMBOLS
        }
    )


def whole() -> ListedMarket:
    return listed({symbol: set() for symbol in SYMBOLS})


def test_a_warm_process_asks_only_for_the_candles_that_have_closed_since(engine: Engine) -> None:
    market = whole()
    memory = MarketMemory(RememberedMarket(market))
    read(engine, memory, {"BTCUSDT": 30}, at(100))
    read(engine, memory, {"BTCUSDT": 30}, at(101))
    read(engine, memory, {"BTCUSDT": 12}, at(101))
    assert market.asked == [("BTCUSDT", at(100), at(101))]


def test_a_new_process_takes_from_the_store_what_another_has_read(engine: Engine) -> None:
    one = MarketMemory(RememberedMarket(whole()))
    store(engine, one, read(engine, one, {"BTCUSDT": 30}, at(100)))
    market = whole()
    market.candles_by_symbol = {"BTCUSDT": market.candles_by_symbol["BTCUSDT"][100:]}
    other = MarketMemory(RememberedMarket(market))
    series = read(engine, other, {"BTCUSDT": 30}, at(102)).series["BTCUSDT", M1]
    assert not isinstance(series, BadMarketData)
    assert said(lambda: series.window(at(102), 30)) == fresh(whole(), "BTCUSDT", at(102), 30)
    assert market.asked == [("BTCUSDT", at(100), at(102))]


def test_memory_of_a_series_stays_bounded(engine: Engine) -> None:
    memory = MarketMemory(RememberedMarket(whole()))
    for number in range(40, 390):
        read(engine, memory, {"BTCUSDT": 20}, at(number))
    known = memory.series.get(("BTCUSDT", M1))
    assert known is not None
    assert len(known.series.candles) == 20 + SLACK


def test_what_was_rolled_back_is_written_again(engine: Engine) -> None:
    memory = MarketMemory(RememberedMarket(whole()))
    reading = read(engine, memory, {"BTCUSDT": 30}, at(100))
    first = unstored_prices(memory, reading)
    assert len(first.runs[0].candles) == 30
    assert unstored_prices(memory, reading) == first
    store(engine, memory, reading)
    assert not unstored_prices(memory, reading)
    later = read(engine, memory, {"BTCUSDT": 30}, at(102))
    (run,) = unstored_prices(memory, later).runs
    assert run == replace(run, candles=(candle(100), candle(101)))
