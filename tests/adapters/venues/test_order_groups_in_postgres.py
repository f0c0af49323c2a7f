"""Groups, trailing stops, cross margin and restarts over the real books of the paper venue."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test
from sqlalchemy import Engine

from adapters.store.accounts import save_account
from adapters.store.paper_books import PostgresPaperBook, create_paper_wallet
from adapters.venues.paper.venue import PaperVenue
from tests.adapters.venues.paper_fakes import ListedMarket
from tests.trading.matching.any_trader import START, AnyTrader
from tests.trading.matching.paper_builders import (
    BUY,
    NO_COSTS,
    SELL,
    T0,
    candle,
    limit,
    market,
    minute,
    stop,
    target,
    trailing,
)
from trading.account import Account, AgentKind
from trading.errors import OrderRejected
from trading.market import BookLevel, OrderBook
from trading.order_groups import OrderGroup
from trading.orders import OrderStatus
from trading.paper_book import BookState, OrderChanged
from trading.paper_terms import PaperExecution, PaperFees, PaperTerms, SlippagePolicy
from trading.positions import MarginMode
from trading.timeframes import Timeframe

pytestmark = pytest.mark.db

PATH = [
    *[candle("100 101 99 100", opens=n) for n in range(5)],
    candle("100 101 94 96", opens=5),  # fills a buy at 95
    *[candle("96 97 95.5 96", opens=n) for n in range(6, 10)],
    candle("96 111 96 110", opens=10),  # reaches 110
    *[candle("110 110 104 105", opens=n) for n in range(11, 15)],
]
BRACKET = OrderGroup(
    group_id="g",
    entry=limit(BUY, "2", "95"),
    exits=(stop(SELL, "2", "90"), target(SELL, "2", "110")),
)


def open_book(
    engine: Engine, name: str, fees: PaperFees, execution: PaperExecution | None = None
) -> PostgresPaperBook:
    account = Account(
        id=name, name=name, kind=AgentKind.RULE, strategy="grid", assets=("BTC", "ETH"),
        interval=Timeframe.M5,
    )  # fmt: skip
    with engine.begin() as conn:
        save_account(conn, account)
        create_paper_wallet(
            conn,
            name,
            wallet=START,
            at=T0,
            terms=PaperTerms(fees=fees, execution=execution or PaperExecution()),
        )
    return PostgresPaperBook(engine, name)


@pytest.fixture
def stored(engine: Engine) -> PostgresPaperBook:
    return open_book(engine, "grid", NO_COSTS)


def venue_at(
    at: int, paper_book: PostgresPaperBook, listed: ListedMarket | None = None
) -> PaperVenue:
    """Every call is another process: nothing but the stored state is common to two venues."""
    known = listed or ListedMarket(candles_by_symbol={"BTCUSDT": PATH, "ETHUSDT": PATH})
    return PaperVenue(book=paper_book, market=known, as_of=minute(at), account_id="grid")


async def test_a_bracket_lives_through_restarts(stored: PostgresPaperBook) -> None:
    entry, first, second = await venue_at(1, stored).submit_group(BRACKET)
    assert (entry.status, first.status, second.status) == ("new", "pending", "pending")
    asked = await venue_at(2, stored).order_by_client_id("BTCUSDT", "stop")
    assert asked is not None
    assert asked.status is OrderStatus.PENDING
    assert [o.request.client_order_id for o in await venue_at(2, stored).open_orders()] == ["limit"]
    resting = await venue_at(7, stored).open_orders()
    assert [(o.request.client_order_id, o.remaining) for o in resting] == [
        ("stop", 2),
        ("target", 2),
    ]
    account = await venue_at(12, stored).account()
    assert (account.positions, account.open_orders) == ((), ())
    assert account.balance.wallet == START + 2 * 15
    ended = await venue_at(12, stored).order_by_client_id("BTCUSDT", "stop")
    assert ended is not None
    assert ended.status is OrderStatus.CANCELED


async def test_a_group_that_is_refused_leaves_nothing(stored: PostgresPaperBook) -> None:
    wrong = OrderGroup(group_id="g", entry=limit(BUY, "2", "95"), exits=(stop(SELL, "2", "96"),))
    before = await venue_at(1, stored).account()
    with pytest.raises(OrderRejected, match="-2021"):
        await venue_at(1, stored).submit_group(wrong)
    assert await venue_at(1, stored).account() == before
    assert await stored.order_by_client_id("limit") is None


async def test_an_entry_at_market_is_answered_with_its_exits(stored: PostgresPaperBook) -> None:
    group = OrderGroup(group_id="g", entry=market(BUY, "1"), exits=(stop(SELL, "1", "90"),))
    entry, exit_ = await venue_at(1, stored).submit_group(group)
    assert (entry.status, exit_.status) == (OrderStatus.FILLED, OrderStatus.NEW)
    assert exit_.created_at == minute(1)


async def test_a_trailing_stop_follows_while_nobody_looks(stored: PostgresPaperBook) -> None:
    await venue_at(6, stored).submit(market(BUY, "1"))
    await venue_at(6, stored).submit(trailing(SELL, "1", "0.05"))
    assert [o.extreme_price for o in await venue_at(9, stored).open_orders()] == [97]
    await venue_at(14, stored).open_orders()
    assert [fill.price for fill in await stored.fills_since("1")] == [
        Decimal("105.4")
    ]  # 111 x 0.95


async def test_cross_mode_is_kept_and_its_liquidation_price_hangs_on_the_wallet(
    stored: PostgresPaperBook,
) -> None:
    venue = venue_at(1, stored)
    for symbol in ("BTCUSDT", "ETHUSDT"):
        await venue.set_margin_mode(symbol, MarginMode.CROSS)
        await venue.set_margin_mode(symbol, MarginMode.CROSS)  # the mode already: success
        await venue.set_leverage(symbol, 10)
    await venue_at(1, stored).submit(market(BUY, "30"))
    (held,) = await venue_at(2, stored).positions()
    assert held.position.margin_mode is MarginMode.CROSS
    assert held.liquidation_price is not None
    assert round(held.liquidation_price, 2) == Decimal("33.47")  # (3000 - 2000) / (30 x 0.996)
    await venue_at(2, stored).submit(market(SELL, "30", symbol="ETHUSDT", name="eth"))
    (hedged, _) = await venue_at(3, stored).positions()
    assert hedged.liquidation_price is not None
    assert hedged.liquidation_price > held.liquidation_price  # the other needs maintenance too
    with pytest.raises(OrderRejected, match="-4048"):
        await venue_at(3, stored).set_margin_mode("BTCUSDT", MarginMode.ISOLATED)


async def test_deposits_and_withdrawals_are_lines_of_income(stored: PostgresPaperBook) -> None:
    await venue_at(1, stored).move_funds(Decimal(500))
    with pytest.raises(OrderRejected, match="-2018"):
        await venue_at(1, stored).move_funds(Decimal(-2501))
    assert (await venue_at(2, stored).balance()).wallet == START + 500
    (line,) = await venue_at(2, stored).income_since(None)
    assert (line.kind, line.amount) == ("transfer", 500)


class BookedMarket(ListedMarket):
    """The same candles, and a thin order book."""

    async def order_book(self, symbol: str, at: object) -> OrderBook:
        thin = (BookLevel(Decimal("100.1"), Decimal(1)), BookLevel(Decimal("101"), Decimal(1)))
        return OrderBook(symbol=symbol, at=minute(1), bids=(), asks=thin)


async def test_the_depth_policy_of_a_book_walks_the_markets_order_book(engine: Engine) -> None:
    deep = PaperExecution(slippage=SlippagePolicy.DEPTH)
    for name, execution, expected in (("deep", deep, "100.6"), ("flat", None, "100")):
        paper_book = open_book(engine, name, NO_COSTS, execution)
        listed = BookedMarket(candles_by_symbol={"BTCUSDT": PATH})
        order = await venue_at(1, paper_book, listed).submit(market(BUY, "2"))
        assert order.average_price == Decimal(expected)  # 100.55, up


def test_any_trader_may_restart_from_postgres_at_any_time(engine: Engine) -> None:
    """The random trader of the ledger tests, with Postgres between all its steps."""

    class StoredTrader(AnyTrader):
        numbers = iter(range(10**6))

        def __init__(self) -> None:
            super().__init__()
            self.book = open_book(engine, f"t{next(self.numbers)}", PaperFees())
            self.told = 0

        def restarted(self, state: BookState) -> BookState:
            return asyncio.run(self._through_the_store(state))

        async def _through_the_store(self, state: BookState) -> BookState:
            async with self.book.change() as change:
                changed = [OrderChanged(order=order) for order in self.own.orders.values()]
                change.record(state, changed)
            return await self.book.read()

        @invariant()
        def the_books_agree(self) -> None:
            self.own.agree_with(self.state)

    run_state_machine_as_test(
        StoredTrader,
        settings=settings(
            max_examples=8, stateful_step_count=30, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
