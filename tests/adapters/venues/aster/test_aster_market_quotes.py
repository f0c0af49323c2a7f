"""Quotes of AsterDEX: two calls for all, the venue's own time, and what is wrong said by name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.venues.aster.market_source import AsterMarket, MarketAddress
from tests.adapters.venues.aster.conftest import OwnBudget
from tests.aster_sandbox.server import Sandbox, running_sandbox
from trading.account import Network
from trading.errors import BadMarketData
from trading.market import BookLevel, Quote

BOTH = ("BTCUSDT", "ETHUSDT")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as started:
        yield started


@pytest.fixture
def market(sandbox: Sandbox, budget: OwnBudget) -> AsterMarket:
    address = MarketAddress(network=Network.TESTNET, base_url=sandbox.url)
    return AsterMarket(address, budget=budget)


def now() -> datetime:
    return datetime.now(UTC)


def level(price: str, quantity: str = "1") -> BookLevel:
    return BookLevel(Decimal(price), Decimal(quantity))


async def quote(market: AsterMarket, symbol: str = "BTCUSDT") -> Quote:
    found = (await market.quotes(BOTH, now()))[symbol]
    assert isinstance(found, Quote), found
    return found


async def defect(market: AsterMarket, symbol: str = "BTCUSDT") -> str:
    found = (await market.quotes(BOTH, now()))[symbol]
    assert isinstance(found, BadMarketData), found
    return found.reason


async def test_a_quote_has_the_books_middle_as_last_price_on_the_tick(
    market: AsterMarket, sandbox: Sandbox
) -> None:
    sandbox.set_book("BTCUSDT", bids=(level("59990.0"),), asks=(level("59990.5"),))

    found = await quote(market)

    assert (found.bid, found.last, found.ask) == (
        Decimal("59990.0"),
        Decimal("59990.2"),
        Decimal("59990.5"),
    )
    assert found.mark == Decimal(60_000)
    assert found.funding_rate == Decimal("0.0001")
    assert found.next_funding_at is not None
    assert found.open_interest == Decimal(1000)


async def test_any_number_of_quotes_costs_three_and_one_for_each_open_interest(
    market: AsterMarket, budget: OwnBudget
) -> None:
    await market.quotes(("BTCUSDT",), now())
    budget.spent.clear()

    await market.quotes(("BTCUSDT", "ETHUSDT", "ASTERUSDT"), now())
    assert sorted(weight for _, weight, _ in budget.spent) == [1, 1, 1, 2]

    budget.spent.clear()
    await market.quote("BTCUSDT", now())
    assert [weight for _, weight, _ in budget.spent] == [1, 1]


async def test_open_interest_is_asked_for_once_a_minute(
    market: AsterMarket, sandbox: Sandbox
) -> None:
    await quote(market)
    await quote(market)

    assert len(sandbox.sent_to("openInterest")) == 2  # one for each instrument


@pytest.mark.parametrize("how", [{"status": 404}, {"status": 400, "body": '{"code": -1100}'}])
async def test_a_venue_without_open_interest_is_not_asked_again(
    market: AsterMarket, sandbox: Sandbox, how: dict[str, object]
) -> None:
    sandbox.fail("openInterest", times=0, **how)

    assert (await quote(market)).open_interest is None
    asked = len(sandbox.sent_to("openInterest"))
    assert (await quote(market)).open_interest is None
    assert len(sandbox.sent_to("openInterest")) == asked


async def test_an_open_interest_that_was_not_answered_is_unknown_and_asked_for_again(
    market: AsterMarket, sandbox: Sandbox
) -> None:
    sandbox.fail("openInterest", status=503, times=4)

    assert (await quote(market)).open_interest is None
    assert (await quote(market)).open_interest == Decimal(1000)


async def test_a_quote_carries_the_time_that_the_venue_gave_its_price(
    market: AsterMarket, sandbox: Sandbox
) -> None:
    sandbox.freeze("BTCUSDT")
    frozen_at = sandbox.venue.market("BTCUSDT").frozen_ms
    sandbox.skew(30_000)

    found = await quote(market)

    assert frozen_at is not None
    assert found.at == datetime.fromtimestamp(frozen_at / 1000, UTC)


async def test_a_feed_that_stands_still_for_a_minute_is_frozen(
    market: AsterMarket, sandbox: Sandbox
) -> None:
    sandbox.freeze("BTCUSDT")
    sandbox.skew(61_000)

    said = await defect(market)
    assert said.startswith("the mark price is frozen: last change 20")
    assert said.endswith("61 s before the venue's clock")
    assert isinstance((await market.quotes(BOTH, now()))["ETHUSDT"], Quote)


async def test_a_book_alone_that_stands_still_is_frozen_too(
    market: AsterMarket, sandbox: Sandbox
) -> None:
    long_ago = int((now() - timedelta(minutes=2)).timestamp() * 1000)
    sandbox.fail("bookTicker", merge={"time": long_ago}, times=0)

    assert (await defect(market)).startswith("the book is frozen")


@pytest.mark.parametrize(
    ("bids", "asks", "words"),
    [
        ((level("60010"),), (level("60000"),), "the book is crossed: bid 60010, ask 60000"),
        ((level("60000"),), (level("60000"),), "the book is crossed"),
        ((level("0"),), (level("60000"),), "the book has no bid"),
        ((level("60000"),), (level("60001", "0"),), "the book has no ask"),
    ],
)
async def test_a_book_that_cannot_be_is_refused(
    market: AsterMarket,
    sandbox: Sandbox,
    bids: tuple[BookLevel, ...],
    asks: tuple[BookLevel, ...],
    words: str,
) -> None:
    sandbox.set_book("BTCUSDT", bids=bids, asks=asks)

    assert words in await defect(market)


async def test_a_mark_far_from_the_book_is_left_to_the_risk_checks(
    market: AsterMarket, sandbox: Sandbox
) -> None:
    sandbox.set_price("BTCUSDT", mark=Decimal(70_000))

    assert (await quote(market)).mark == Decimal(70_000)


async def test_a_row_that_cannot_be_read_is_a_defect_of_its_symbol_only(
    market: AsterMarket, sandbox: Sandbox
) -> None:
    moment = int(now().timestamp() * 1000)
    sandbox.fail(
        "premiumIndex",
        body=f'[{{"symbol": "BTCUSDT", "time": {moment}}},'
        f' {{"symbol": "ETHUSDT", "markPrice": "3000", "time": {moment}}}]',
        times=0,
    )

    assert await defect(market) == "the venue tells no mark price of it"
    assert (await quote(market, "ETHUSDT")).mark == Decimal(3000)


async def test_a_live_price_is_no_answer_about_an_instant_long_past(market: AsterMarket) -> None:
    found = await market.quotes(BOTH, now() - timedelta(minutes=6))

    assert "the venue tells only those of now" in str(found["BTCUSDT"])
    with pytest.raises(BadMarketData, match="the cycle is too late"):
        await market.quote("BTCUSDT", now() - timedelta(minutes=6))


async def test_a_venue_that_does_not_answer_is_a_defect_of_every_symbol(
    market: AsterMarket, sandbox: Sandbox
) -> None:
    await market.instruments()
    sandbox.fail("premiumIndex", status=503, times=0)

    assert "HTTP 503" in await defect(market, "BTCUSDT")
    assert "HTTP 503" in await defect(market, "ETHUSDT")
