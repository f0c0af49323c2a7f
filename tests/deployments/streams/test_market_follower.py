"""The market half: fresh quotes, every minute stored, what was missed read by REST, one message for all."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from adapters.store.accounts import load_account, save_account
from adapters.store.arena import load_arena
from adapters.store.market_stats import save_quotes
from adapters.venues.aster.client import AsterClient, ClientParts
from adapters.venues.aster.networks import venue_address
from adapters.venues.aster.streams.market_events import Book, LastPrice, Mark
from deployments.streams.board import Board
from deployments.streams.market_follower import MarketFollower
from tests.adapters.venues.aster.conftest import OwnBudget
from tests.builders import build_quote
from tests.deployments.streams.conftest import QUICK
from tests.live.live_arena import LiveArena
from tests.waiting import until
from trading.account import Network
from trading.timeframes import EPOCH

pytestmark = pytest.mark.db
D = Decimal
AT = EPOCH + timedelta(days=20_000)


def market_of(live: LiveArena) -> str:
    with live.engine.connect() as conn:
        arena = load_arena(conn)
    assert arena is not None
    return arena.market


@asynccontextmanager
async def following(live: LiveArena) -> AsyncIterator[MarketFollower]:
    address = venue_address(Network.TESTNET, live.sandbox.url)
    async with AsterClient(ClientParts(address=address, budget=OwnBudget())) as client:
        follower = MarketFollower(live.engine, market_of(live), client, QUICK)
        task = asyncio.create_task(follower.run())
        try:
            yield follower
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def quotes(live: LiveArena) -> dict[str, Decimal]:
    return {
        str(symbol): Decimal(str(last))
        for symbol, last in live.rows("select symbol, last from app.quotes")
    }


def minutes(live: LiveArena, symbol: str) -> list[object]:
    return [
        at
        for (at,) in live.rows(
            "select open_time from app.candles where symbol = :symbol"
            " and timeframe_seconds = 60 order by open_time",
            symbol=symbol,
        )
    ]


def pass_minutes(live: LiveArena, count: int, symbol: str = "BTCUSDT") -> None:
    """The venue's clock goes on, with a trade in each minute."""
    for number in range(count):
        live.sandbox.pass_minute(symbol, D(60_000 + number))


def trades(live: LiveArena, symbol: str) -> bool:
    """Move the price a little; whether a quote of it is known."""
    last = live.sandbox.venue.markets[symbol].last
    live.sandbox.set_price(symbol, last + live.sandbox.venue.markets[symbol].instrument.tick_size)
    return symbol in quotes(live)


async def test_quotes_are_fresh_and_closed_minutes_are_stored_without_a_hole(
    live: LiveArena,
) -> None:
    live.sandbox.venue.markets["BTCUSDT"].funding_rate = D("0.000123")
    async with following(live):
        await until(lambda: len(minutes(live, "BTCUSDT")) >= 58, 20)
        live.sandbox.set_price("BTCUSDT", D(60_500), mark=D(60_400))
        await until(lambda: quotes(live).get("BTCUSDT") == 60_500)
        mark, bid, ask, rate = live.one(
            "select mark, bid, ask, funding_rate from app.quotes where symbol = 'BTCUSDT'"
        )
        assert (mark, bid, ask) == (60_400, D("60499.9"), D("60500.1"))
        assert rate == D("0.000123")
        before = len(minutes(live, "BTCUSDT"))
        await asyncio.to_thread(pass_minutes, live, 3)
        await until(lambda: len(minutes(live, "BTCUSDT")) == before + 3)
    stored = minutes(live, "BTCUSDT")
    assert {b - a for a, b in itertools.pairwise(stored)} == {timedelta(minutes=1)}


async def test_minutes_that_were_not_heard_are_read_by_rest_after_the_gap(
    live: LiveArena,
) -> None:
    async with following(live):
        await until(lambda: len(minutes(live, "BTCUSDT")) >= 58, 20)
        with live.sandbox.venue.lock:
            for connection in live.sandbox.venue.hub.connections:
                connection.streams.clear()  # it is connected, and hears nothing
        before = len(minutes(live, "BTCUSDT"))
        await asyncio.to_thread(pass_minutes, live, 7)
        live.sandbox.fail("klines", status=503, times=1)
        live.sandbox.drop_streams()
        await until(lambda: len(minutes(live, "BTCUSDT")) >= before + 7)
    stored = minutes(live, "BTCUSDT")
    assert {b - a for a, b in itertools.pairwise(stored)} == {timedelta(minutes=1)}


async def test_symbols_follow_the_accounts_and_the_benchmark_is_always_there(
    live: LiveArena,
) -> None:
    async with following(live):
        await until(lambda: trades(live, "BTCUSDT"))
        assert set(quotes(live)) == {"BTCUSDT"}
        with live.engine.begin() as conn:
            account = load_account(conn, "live").account
            save_account(conn, replace(account, assets=("ETH",)))
        await until(lambda: trades(live, "ETHUSDT"))
        assert set(quotes(live)) == {"BTCUSDT", "ETHUSDT"}


async def test_the_dashboard_gets_one_message_for_all_symbols_and_old_ones_are_deleted(
    live: LiveArena,
) -> None:
    told = "select count(*), max(id) from app.events where channel = 'market-data'"
    async with following(live):
        for number in range(60):
            live.sandbox.set_price("BTCUSDT", D(60_000 + number))
            await asyncio.sleep(0.03)
        count, newest = live.one(told)
        assert 1 <= int(str(count)) <= 5, "of some eight in 1.8 s, the older ones are gone"
        (payload,) = live.one("select payload from app.events where id = :id", id=newest)
        assert isinstance(payload, dict)
        assert payload["market"] == market_of(live)
        shown = payload["quotes"]["BTCUSDT"]
        assert Decimal(shown["last"]) >= 60_000
        assert set(shown) >= {"at", "mark", "bid", "ask", "funding_rate", "next_funding_at"}


async def test_candles_that_the_store_could_not_take_are_read_again(live: LiveArena) -> None:
    async with following(live):
        await until(lambda: len(minutes(live, "BTCUSDT")) >= 58, 20)
        before = len(minutes(live, "BTCUSDT"))
        with live.engine.begin() as conn:
            conn.execute(text("alter table app.candles rename to away"))
        await asyncio.to_thread(pass_minutes, live, 2)
        await asyncio.sleep(0.4)
        with live.engine.begin() as conn:
            conn.execute(text("alter table app.away rename to candles"))
        await until(lambda: len(minutes(live, "BTCUSDT")) == before + 2, 20)


def test_the_board_has_complete_sound_and_newest_quotes_only() -> None:
    board = Board()
    book = Book(symbol="X", at=AT, bid=D(9), bid_quantity=D(1), ask=D(11), ask_quantity=D(1))
    later = AT + timedelta(seconds=1)
    board.note(LastPrice(symbol="X", at=AT, price=D(10)))
    board.note(book)
    assert board.take() == []
    mark = Mark(symbol="X", at=later, mark=D(12), funding_rate=None, next_funding_at=None)
    board.note(mark)
    (quote,) = board.take()
    assert (quote.at, quote.last, quote.mark, quote.bid, quote.ask) == (later, 10, 12, 9, 11)
    assert board.take() == []
    board.note(replace(mark, at=AT, mark=D(5)))
    board.note(replace(book, at=later, bid=D(12)))
    board.note(replace(book, at=later, bid=D(0), bid_quantity=D(0)))
    board.note(LastPrice(symbol="X", at=later, price=D(0)))
    assert board.take() == []
    board.put_back({"X", "never seen"})
    assert board.take() == [quote]
    board.note(replace(mark, mark=D(13)))
    board.keep_only(frozenset({"Y"}))
    assert board.take() == []


def test_a_quote_without_open_interest_leaves_the_known_one(live: LiveArena) -> None:
    known = build_quote("100", AT, open_interest=D(7))
    with live.engine.begin() as conn:
        save_quotes(conn, "m", [known])
        save_quotes(conn, "m", [build_quote("101", AT + timedelta(seconds=1))])
    assert live.one("select last, open_interest from app.quotes where market = 'm'") == (101, 7)
