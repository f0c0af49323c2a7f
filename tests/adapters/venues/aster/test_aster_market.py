"""AsterDEX as a market, over real HTTP: candles, funding, books, and connections that leave nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import psutil
import pytest

from adapters.venues.aster import market_candles, market_funding, market_rules
from adapters.venues.aster.market_name import market_name
from adapters.venues.aster.market_source import AsterMarket, MarketAddress
from tests.adapters.venues.aster.conftest import OwnBudget
from tests.aster_sandbox.server import Sandbox, running_sandbox
from trading.account import Network
from trading.candles import check_candles
from trading.errors import (
    BadMarketData,
    InvalidRecord,
    UnknownName,
    VenueUnavailable,
    WeightRefused,
)
from trading.instruments import Instrument
from trading.ports import BookSource, MarketSource
from trading.timeframes import Timeframe
from trading.weights import Priority, WeightScope


@pytest.fixture
def past() -> Iterator[Sandbox]:
    """Ten contracts with a history."""
    with running_sandbox() as sandbox:
        sandbox.give_past()
        yield sandbox


def market_at(sandbox: Sandbox, budget: OwnBudget | None = None) -> AsterMarket:
    address = MarketAddress(network=Network.TESTNET, base_url=sandbox.url)
    return AsterMarket(address, budget=budget or OwnBudget())


@pytest.fixture
def market(past: Sandbox, budget: OwnBudget) -> AsterMarket:
    return market_at(past, budget)


def weights(budget: OwnBudget) -> list[int]:
    return [weight for _, weight, _ in budget.spent]


def now() -> datetime:
    return datetime.now(UTC)


def test_it_is_what_an_arena_and_a_strategy_expect_of_a_market(market: AsterMarket) -> None:
    source: MarketSource = market
    assert isinstance(source, BookSource)
    assert source.base_timeframe is Timeframe.M1


@pytest.mark.parametrize(
    ("network", "base_url", "name"),
    [
        (Network.MAINNET, None, "aster-mainnet"),
        (Network.TESTNET, None, "aster-testnet"),
        (Network.MAINNET, "https://fapi.asterdex.com", "aster-mainnet"),
        (Network.MAINNET, "https://fapi3.asterdex.com/", "aster-mainnet-fapi3.asterdex.com-443"),
        (Network.TESTNET, "http://127.0.0.1:8999", "aster-testnet-127.0.0.1-8999"),
        (Network.TESTNET, "http://[::1]:8999", "aster-testnet-..1-8999"),
    ],
)
def test_another_host_is_another_market(network: Network, base_url: str | None, name: str) -> None:
    assert market_name(network, base_url) == name


def test_what_an_arena_keeps_of_it_opens_it_again() -> None:
    address = MarketAddress(network=Network.TESTNET, base_url="http://127.0.0.1:8999")

    assert MarketAddress.of_settings(address.settings) == address
    with pytest.raises(InvalidRecord, match="network=moon"):
        MarketAddress.of_settings({"network": "moon"})


async def test_candles_are_the_last_closed_ones_without_a_gap(market: AsterMarket) -> None:
    at = now()

    candles = await market.candles("BTCUSDT", Timeframe.M5, until=at, limit=200)

    check_candles("BTCUSDT", Timeframe.M5, candles)
    assert len(candles) == 200
    assert candles[-1].open_time == Timeframe.M5.floor(at) - Timeframe.M5.length


async def test_coarse_candles_are_those_of_the_minutes(market: AsterMarket) -> None:
    at = Timeframe.H1.floor(now())

    (hour,) = await market.candles("ETHUSDT", Timeframe.H1, until=at, limit=1)
    minutes = await market.candles_between("ETHUSDT", Timeframe.M1, since=hour.open_time, until=at)

    assert len(minutes) == 60
    assert hour.high == max(each.high for each in minutes)
    assert (hour.open, hour.close) == (minutes[0].open, minutes[-1].close)


async def test_candles_between_two_instants_begin_at_or_after_the_first(
    market: AsterMarket,
) -> None:
    until = Timeframe.M1.floor(now())
    since = until - timedelta(minutes=3, seconds=30)

    found = await market.candles_between("BTCUSDT", Timeframe.M1, since=since, until=until)

    assert [each.open_time for each in found] == [until - timedelta(minutes=n) for n in (3, 2, 1)]


async def test_a_stretch_without_a_closed_candle_is_not_asked_for(
    market: AsterMarket, past: Sandbox
) -> None:
    until = Timeframe.H1.floor(now()) + timedelta(minutes=1)

    found = await market.candles_between(
        "BTCUSDT", Timeframe.H1, since=until - timedelta(minutes=30), until=until
    )

    assert found == ()
    assert past.sent_to("klines") == []


@pytest.mark.parametrize(
    ("limit", "cost"), [(50, [1]), (99, [1]), (100, [2]), (499, [2]), (1_500, [2, 2, 2, 1])]
)
async def test_candles_are_asked_for_in_the_pages_that_cost_least(
    market: AsterMarket, budget: OwnBudget, limit: int, cost: list[int]
) -> None:
    await market.candles("BTCUSDT", Timeframe.M1, until=now(), limit=1)
    budget.spent.clear()

    candles = await market.candles("BTCUSDT", Timeframe.M1, until=now(), limit=limit)

    assert len(candles) == limit
    assert weights(budget) == cost


async def test_a_candle_is_closed_when_the_venues_clock_says_so(past: Sandbox) -> None:
    past.skew(-120_000)
    market = market_at(past)
    at = now()

    candles = await market.candles("BTCUSDT", Timeframe.M1, until=at, limit=3)

    by_the_venue = Timeframe.M1.floor(at - timedelta(minutes=2))
    assert candles[-1].open_time + Timeframe.M1.length in (
        by_the_venue,
        by_the_venue + Timeframe.M1.length,
    )


async def test_whoever_asks_at_the_end_of_a_candle_waits_until_it_is_closed(
    past: Sandbox,
) -> None:
    """A clock of ours that is a little ahead must not lose the newest candle."""
    at = now()
    end = Timeframe.M1.floor(at) + Timeframe.M1.length
    past.skew(round((end - at).total_seconds() * 1000) - 1_500)  # the candle ends in 1.5 s there
    market = market_at(past)

    candles = await market.candles("BTCUSDT", Timeframe.M1, until=end, limit=1)

    assert [each.open_time + Timeframe.M1.length for each in candles] == [end]


async def test_an_answer_of_another_timeframe_is_refused(
    market: AsterMarket, past: Sandbox
) -> None:
    at = Timeframe.H1.floor(now())
    opens = int((at - timedelta(hours=1)).timestamp()) * 1000
    row = f'[[{opens},"1","1","1","1","1",{opens + 59_999}]]'
    past.fail("klines", body=row)

    with pytest.raises(BadMarketData, match="answered a question for 1h candles"):
        await market.candles("BTCUSDT", Timeframe.H1, until=at, limit=1)


async def test_rows_that_nobody_asked_for_are_left_out(market: AsterMarket, past: Sandbox) -> None:
    at = Timeframe.H1.floor(now())
    first = int((at - timedelta(hours=1)).timestamp()) * 1000
    rows = ",".join(
        f'[{opens},"1","2","1","2","5",{opens + 3_599_999}]'
        for opens in (first - 3_600_000, first, first + 3_600_000)
    )
    past.fail("klines", body=f"[{rows}]")

    found = await market.candles("BTCUSDT", Timeframe.H1, until=at, limit=1)

    assert [each.close for each in found] == [Decimal(2)]


async def test_a_symbol_that_is_not_traded_here_is_refused_with_some_that_are(
    market: AsterMarket,
) -> None:
    with pytest.raises(UnknownName, match="unknown symbol of this market 'SHIBUSDT'; known: ADAU"):
        await market.candles("SHIBUSDT", Timeframe.M1, until=now(), limit=1)


async def test_a_read_without_an_answer_is_repeated_once(
    market: AsterMarket, past: Sandbox
) -> None:
    past.fail("klines", drop=True)

    assert len(await market.candles("BTCUSDT", Timeframe.M1, until=now(), limit=5)) == 5


async def test_a_venue_that_stays_away_is_a_defect_of_the_instrument(
    market: AsterMarket, past: Sandbox
) -> None:
    past.fail("klines", status=503, times=2)

    with pytest.raises(BadMarketData, match="BTCUSDT: GET /fapi/v3/klines: HTTP 503"):
        await market.candles("BTCUSDT", Timeframe.M1, until=now(), limit=5)


async def test_a_budget_without_room_is_said_as_such_and_nothing_is_sent(
    market: AsterMarket, past: Sandbox, budget: OwnBudget
) -> None:
    await market.instruments()
    before = len(past.venue.requests)
    (name,) = budget.windows
    await budget.heard(WeightScope(name=name, limit=2400), status=429, retry_after=30)

    with pytest.raises(WeightRefused):
        await market.candles("BTCUSDT", Timeframe.M1, until=now(), limit=5)
    assert len(past.venue.requests) == before


async def test_a_long_stretch_waits_for_the_budget_and_loses_nothing(
    market: AsterMarket, budget: OwnBudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market_candles, "PAUSE_SECONDS", 0.0)
    await market.candles("BTCUSDT", Timeframe.M1, until=now(), limit=1)
    (name,) = budget.windows
    await budget.heard(WeightScope(name=name, limit=2400), status=429, retry_after=0.5)
    until = Timeframe.M1.floor(now())

    candles = await market.candles_between(
        "BTCUSDT", Timeframe.M1, since=until - timedelta(days=2), until=until
    )

    check_candles("BTCUSDT", Timeframe.M1, candles)
    assert len(candles) == 2_880


async def test_everything_is_charged_to_the_market(market: AsterMarket, budget: OwnBudget) -> None:
    await market.candles("BTCUSDT", Timeframe.M1, until=now(), limit=5)
    await market.quotes(("BTCUSDT",), now())

    assert {priority for _, _, priority in budget.spent} == {Priority.MARKET}


async def test_funding_comes_with_the_mark_of_its_instant_and_the_interval_of_its_symbol(
    market: AsterMarket,
) -> None:
    until = now()

    found = await market.funding_between("ASTERUSDT", after=until - timedelta(days=1), until=until)

    hours = {each.at - before.at for before, each in pairwise(found)}
    assert hours == {timedelta(hours=4)}
    (candle,) = await market.candles_between(
        "ASTERUSDT", Timeframe.M1, since=found[-1].at, until=found[-1].at + timedelta(minutes=1)
    )
    assert found[-1].mark == candle.open


async def test_a_stretch_without_a_full_hour_holds_no_funding_and_costs_nothing(
    market: AsterMarket, past: Sandbox
) -> None:
    hour = Timeframe.H1.floor(now())

    found = await market.funding_between(
        "BTCUSDT", after=hour - timedelta(minutes=50), until=hour - timedelta(minutes=5)
    )

    assert found == ()
    assert past.sent_to("fundingRate") == []


async def test_a_funding_that_must_have_been_paid_a_moment_ago_is_waited_for(
    past: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market_funding, "WAIT_SECONDS", 0.1)
    hour = Timeframe.H4.floor(now())
    past.skew(round((hour + timedelta(seconds=2) - now()).total_seconds() * 1000))
    past.fail("fundingRate", body="[]")
    market = market_at(past)

    found = await market.funding_between("ASTERUSDT", after=hour - timedelta(minutes=5), until=hour)

    assert [each.at for each in found] == [hour]


async def test_a_book_has_its_levels_and_the_venues_time(
    market: AsterMarket, budget: OwnBudget
) -> None:
    await market.instruments()
    await market.quote("BTCUSDT", now())
    budget.spent.clear()

    book = await market.order_book("BTCUSDT", now())

    assert book.bids[0].price < book.asks[0].price
    assert abs(book.at - now()) < timedelta(seconds=5)
    assert weights(budget) == [2]


async def test_a_book_of_long_ago_is_not_the_book_of_now(market: AsterMarket) -> None:
    with pytest.raises(BadMarketData, match="the venue tells only those of now"):
        await market.order_book("BTCUSDT", now() - timedelta(minutes=6))


async def test_rules_are_asked_for_once_an_hour(market: AsterMarket, past: Sandbox) -> None:
    for _ in range(3):
        await market.instruments()

    assert len(past.sent_to("exchangeInfo")) == 1
    await market.fresh_instruments()
    assert len(past.sent_to("exchangeInfo")) == 2


async def test_new_rules_that_are_not_told_leave_the_old_ones(
    market: AsterMarket, past: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market_rules, "RULES_SECONDS", 0.0)
    before = await market.instruments()
    past.fail("exchangeInfo", status=503, times=0)

    assert await market.instruments() == before


async def test_while_the_venue_tells_no_rules_those_of_the_store_go_on_but_were_not_told(
    past: Sandbox,
) -> None:
    stored = past.venue.market("BTCUSDT").instrument

    async def known() -> tuple[Instrument, ...]:
        return (stored,)

    address = MarketAddress(network=Network.TESTNET, base_url=past.url)
    market = AsterMarket(address, budget=OwnBudget(), known_instruments=known)
    past.fail("exchangeInfo", status=503, times=0)

    assert await market.instruments() == (stored,)
    with pytest.raises(VenueUnavailable, match="has not told its rules"):
        await market.told_instruments()


async def test_rules_that_there_was_no_room_to_ask_for_are_asked_for_again_soon(
    past: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def known() -> tuple[Instrument, ...]:
        return (past.venue.market("BTCUSDT").instrument,)

    monkeypatch.setattr(market_rules, "NO_ROOM_SECONDS", 0.0)
    budget = OwnBudget()
    scope = WeightScope(name=f"aster {past.url.removeprefix('http://')}", limit=2_400)
    await budget.spend(scope, scope.most(Priority.MARKET), Priority.MARKET)
    address = MarketAddress(network=Network.TESTNET, base_url=past.url)
    market = AsterMarket(address, budget=budget, known_instruments=known)
    assert len(await market.instruments()) == 1

    budget.windows.clear()
    assert len(await market.told_instruments()) == 10


async def test_an_instrument_that_is_no_longer_traded_stays_known_and_has_no_quote(
    market: AsterMarket, past: Sandbox
) -> None:
    await market.instruments()
    past.venue.market("ETHUSDT").status = "SETTLING"

    listed = await market.fresh_instruments()
    quotes = await market.quotes(("BTCUSDT", "ETHUSDT"), now())

    assert "ETHUSDT" in {each.symbol for each in listed}
    assert str(quotes["ETHUSDT"]) == "ETHUSDT: not traded at the venue now: SETTLING"


async def test_margin_tables_of_the_store_go_before_the_cautious_ones(past: Sandbox) -> None:
    told = past.venue.market("BTCUSDT").instrument

    async def known() -> tuple[object, ...]:
        return (told,)

    address = MarketAddress(network=Network.TESTNET, base_url=past.url)
    market = AsterMarket(address, budget=OwnBudget(), known_instruments=known)

    found = {each.symbol: each for each in await market.instruments()}
    assert found["BTCUSDT"].brackets == told.brackets
    assert not found["ETHUSDT"].has_venue_brackets


def test_one_market_lives_through_several_event_loops_and_leaves_no_socket(
    past: Sandbox,
) -> None:
    """As flow runs in one process: each has a loop of its own."""
    market = market_at(past)

    async def ask() -> int:
        at = now()
        await market.candles("BTCUSDT", Timeframe.M1, until=at, limit=5)
        await market.quotes(("BTCUSDT", "ETHUSDT"), at)
        return market.open_connections

    for _ in range(3):
        assert asyncio.run(ask()) == 1
        assert market.open_connections == 0
        assert sockets_to(past) == []
    assert len(past.sent_to("exchangeInfo")) == 1  # what was learned outlives the loops


def test_a_market_that_is_dropped_inside_its_loop_leaves_no_socket(past: Sandbox) -> None:
    async def ask() -> None:
        market = market_at(past)
        await market.candles("BTCUSDT", Timeframe.M1, until=now(), limit=5)
        await market.aclose()
        assert sockets_to(past) == []

    asyncio.run(ask())


def sockets_to(sandbox: Sandbox) -> list[object]:
    """Connections of this process as a client of the sandbox."""
    port = int(sandbox.url.rsplit(":", 1)[1])
    found = psutil.Process().net_connections("tcp")
    return [each for each in found if each.raddr and each.raddr.port == port]
