"""The paper venue over its real books: what Postgres gives back is what the matching made."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from adapters.store.accounts import save_account
from adapters.store.paper_books import PostgresPaperBook, create_paper_wallet
from adapters.venues.paper.venue import PaperVenue
from tests.adapters.venues.paper_fakes import ListedMarket, MemoryBook
from tests.trading.matching.paper_builders import (
    BUY,
    SELL,
    T0,
    candle,
    funding,
    limit,
    market,
    minute,
    stop,
    target,
)
from trading.account import Account, AgentKind
from trading.errors import OrderRejected
from trading.paper_book import BookState
from trading.paper_terms import PaperFees, PaperTerms
from trading.ports import PaperBook
from trading.timeframes import Timeframe

pytestmark = pytest.mark.db

START = BookState(wallet=Decimal(1000), matched_until=T0, fees=PaperFees())

CANDLES = {
    "BTCUSDT": [
        *[candle("100 101 99 100", opens=n) for n in range(10)],
        candle("100 101 93.3 94", opens=10),  # fills the limit at 95, then the stop at 94
        *[candle("94 95 93 94", opens=n) for n in range(11, 20)],
    ],
    "ETHUSDT": [
        *[candle("100 101 99 100", opens=n) for n in range(15)],
        candle("100 140 100 139", opens=15),  # liquidates a short
        *[candle("139 140 138 139", opens=n) for n in range(16, 20)],
    ],
}
FUNDINGS = {
    name: [funding("0.000137", at=at, mark="99.7", symbol=name) for at in (5, 10, 16)]
    for name in CANDLES
}

Step = tuple[int, Callable[[PaperVenue], Awaitable[object]]]
SESSION: list[Step] = [
    (1, lambda venue: venue.set_leverage("BTCUSDT", 7)),
    (1, lambda venue: venue.set_leverage("ETHUSDT", 3)),
    (1, lambda venue: venue.submit(market(BUY, "3.333", name="entry"))),
    (1, lambda venue: venue.submit(stop(SELL, "3.333", "94", name="stop"))),
    (1, lambda venue: venue.submit(target(SELL, "3.333", "130", name="target"))),
    (2, lambda venue: venue.submit(limit(BUY, "0.777", "95", name="add"))),
    (3, lambda venue: venue.submit(limit(BUY, "1", "50", name="far"))),
    (4, lambda venue: venue.cancel("BTCUSDT", "far")),
    (6, lambda venue: venue.submit(market(SELL, "0.5", reduce_only=True, name="part"))),
    (7, lambda venue: venue.submit(market(SELL, "2", name="short", symbol="ETHUSDT"))),
    (12, lambda venue: venue.positions()),
    (13, lambda venue: venue.submit(market(SELL, "9", reduce_only=True, name="rest"))),
    (19, lambda venue: venue.balance()),
]


@pytest.fixture
def stored(engine: Engine) -> PostgresPaperBook:
    account = Account(
        id="grid", name="Grid", kind=AgentKind.RULE, strategy="grid", assets=("BTC", "ETH"),
        interval=Timeframe.M5,
    )  # fmt: skip
    with engine.begin() as conn:
        save_account(conn, account)
        create_paper_wallet(
            conn, "grid", wallet=START.wallet, at=T0, terms=PaperTerms(fees=START.fees)
        )
    return PostgresPaperBook(engine, "grid")


def venue_at(at: int, paper_book: PaperBook) -> PaperVenue:
    listed = ListedMarket(candles_by_symbol=CANDLES, fundings_by_symbol=FUNDINGS)
    return PaperVenue(book=paper_book, market=listed, as_of=minute(at), account_id="grid")


async def test_a_session_in_postgres_equals_the_same_session_in_memory(
    stored: PostgresPaperBook,
) -> None:
    in_memory = MemoryBook(START)
    for at, step in SESSION:
        answers = [await step(venue_at(at, paper_book)) for paper_book in (stored, in_memory)]
        assert answers[0] == answers[1]
        assert await stored.read() == await in_memory.read()
    fills = await stored.fills_since(None)
    income = await stored.income_since(None)
    assert fills == tuple(in_memory.fills)
    assert income == tuple(in_memory.income)
    assert [fill.client_order_id.split("-")[0] for fill in fills] == [
        "entry", "part", "short", "add", "stop", "rest", "autoclose",
    ]  # fmt: skip
    gross = sum((fill.realized_pnl - fill.fee for fill in fills), Decimal(0))
    wallet = (await stored.read()).wallet
    funded = sum((line.amount for line in income), Decimal(0))
    assert abs(wallet - START.wallet - gross - funded) <= Decimal("1e-8")


async def test_of_two_closes_at_once_one_closes_and_one_is_refused(
    stored: PostgresPaperBook,
) -> None:
    await venue_at(1, stored).submit(market(BUY, "1", name="entry"))
    answers = await asyncio.gather(
        venue_at(3, stored).submit(market(SELL, "1", reduce_only=True, name="a")),
        venue_at(3, stored).submit(market(SELL, "1", reduce_only=True, name="b")),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, OrderRejected)]
    assert [answer.code for answer in refused] == [-2022]
    after = await stored.read()
    assert after.positions == {}
    assert len(await stored.fills_since(None)) == 2
