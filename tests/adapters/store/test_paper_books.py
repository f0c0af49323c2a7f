from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from adapters.store.accounts import save_account
from adapters.store.errors import StoreError
from adapters.store.paper_books import PostgresPaperBook, create_paper_wallet
from trading.account import Account, AgentKind
from trading.orders import Fill, FillCause, Order, OrderRequest, OrderStatus, OrderType, Side
from trading.paper_book import BookState, FundingPaid, OrderChanged, OrderFilled, PaperFees
from trading.positions import Position
from trading.timeframes import Timeframe

pytestmark = pytest.mark.db

START = datetime(2026, 3, 1, tzinfo=UTC)
SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT"]

money = st.decimals("0.000000000000000001", "1e15", places=18, allow_nan=False)
instants = st.integers(0, 10**15).map(lambda micros: START + timedelta(microseconds=micros))


@st.composite
def positions(draw: st.DrawFn) -> dict[str, Position]:
    return {
        symbol: Position(
            symbol=symbol,
            quantity=draw(money) * draw(st.sampled_from([1, -1])),
            entry_price=draw(money),
            leverage=draw(st.integers(1, 125)),
            isolated_margin=draw(money),
            opened_at=draw(instants),
        )
        for symbol in draw(st.lists(st.sampled_from(SYMBOLS), unique=True))
    }


@st.composite
def open_orders(draw: st.DrawFn) -> dict[str, Order]:
    numbers = sorted(draw(st.lists(st.integers(1, 2**40), max_size=5, unique=True)))
    return {str(number): draw(order(number)) for number in numbers}


@st.composite
def order(draw: st.DrawFn, number: int) -> Order:
    kind = draw(st.sampled_from([OrderType.LIMIT, OrderType.STOP_MARKET]))
    quantity = draw(money)
    return Order(
        venue_order_id=str(number),
        request=OrderRequest(
            symbol=draw(st.sampled_from(SYMBOLS)),
            side=draw(st.sampled_from(Side)),
            order_type=kind,
            client_order_id=f"pf-{number}",
            quantity=quantity,
            price=draw(money) if kind is OrderType.LIMIT else None,
            stop_price=draw(money) if kind is OrderType.STOP_MARKET else None,
            reduce_only=draw(st.booleans()),
        ),
        status=draw(st.sampled_from([OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED])),
        filled_quantity=draw(money),
        average_price=draw(st.none() | money),
        created_at=draw(instants),
        updated_at=draw(instants),
    )


states = st.builds(
    BookState,
    wallet=money.map(lambda amount: amount - 1000),
    matched_until=instants,
    positions=positions(),
    orders=open_orders(),
    leverage=st.dictionaries(st.sampled_from(SYMBOLS), st.integers(1, 125)),
    next_order_id=st.integers(1, 2**60),
    next_trade_id=st.integers(1, 2**60),
    next_tran_id=st.integers(1, 2**60),
    fees=st.builds(PaperFees, maker=money, taker=money, slippage=money),
)


@pytest.fixture
def book(engine) -> PostgresPaperBook:
    with engine.begin() as conn:
        account = Account(
            id="acc1", name="x", kind=AgentKind.RULE, strategy="grid", assets=("BTC",),
            interval=Timeframe.M5,
        )  # fmt: skip
        save_account(conn, account)
        fees = PaperFees()
        assert create_paper_wallet(conn, "acc1", wallet=Decimal(10_000), at=START, fees=fees)
        assert not create_paper_wallet(conn, "acc1", wallet=Decimal(1), at=START, fees=fees)
    return PostgresPaperBook(engine, "acc1")


def ended(state: BookState) -> list[OrderChanged]:
    return [
        OrderChanged(order=replace(each, status=OrderStatus.CANCELED))
        for each in state.orders.values()
    ]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(state=states)
def test_a_recorded_state_is_read_back_digit_by_digit(book: PostgresPaperBook, state: BookState):
    async def run() -> None:
        async with book.change() as change:
            leaving = [e for e in ended(change.state) if e.order.venue_order_id not in state.orders]
            change.record(state, leaving)
        again = await book.read()
        assert again == state
        assert list(again.orders) == list(state.orders)

    asyncio.run(run())


def fill(number: int) -> Fill:
    return Fill(
        trade_id=str(number), venue_order_id="1", client_order_id="pf-1", symbol="BTCUSDT",
        side=Side.SELL, quantity=Decimal("0.1"), price=Decimal("64000.1"), fee=Decimal("3.84"),
        realized_pnl=Decimal("-2.5"), is_maker=False, filled_at=START,
        cause=FillCause.LIQUIDATION,
    )  # fmt: skip


def resting(number: int, status: OrderStatus = OrderStatus.NEW) -> Order:
    return Order(
        venue_order_id=str(number),
        request=OrderRequest(
            symbol="BTCUSDT", side=Side.BUY, order_type=OrderType.LIMIT, client_order_id="pf-1",
            quantity=Decimal(1), price=Decimal(50_000),
        ),
        status=status, filled_quantity=Decimal(0), average_price=None,
        created_at=START, updated_at=START,
    )  # fmt: skip


async def test_what_happened_can_be_read_again_from_any_point(book: PostgresPaperBook):
    fills = [fill(number) for number in (9, 10, 11)]
    paid = FundingPaid(
        tran_id="7", symbol="BTCUSDT", amount=Decimal("-0.64"), rate=Decimal("0.0001"),
        mark=Decimal(64_000), at=START,
    )  # fmt: skip
    async with book.change() as change:
        change.record(change.state, [OrderFilled(fill=fills[0])])
        change.record(change.state, [*(OrderFilled(fill=each) for each in fills[1:]), paid])
    assert await book.fills_since(None) == tuple(fills)
    assert await book.fills_since("9") == tuple(fills[1:])
    assert await book.fills_since("11") == ()
    (line,) = await book.income_since(None)
    assert (line.tran_id, line.kind, line.amount) == ("7", "funding", Decimal("-0.64"))
    assert await book.income_since("7") == ()


async def test_a_client_order_id_finds_its_newest_order_open_or_ended(book: PostgresPaperBook):
    first, second = resting(1, OrderStatus.CANCELED), resting(2)
    async with book.change() as change:
        state = replace(change.state, orders={"2": second})
        change.record(state, [OrderChanged(order=first)])
    assert await book.order_by_client_id("pf-1") == second
    assert await book.order_by_client_id("pf-2") is None


async def test_nothing_is_written_when_the_block_fails(book: PostgresPaperBook):
    before = await book.read()

    async def fail() -> None:
        async with book.change() as change:
            change.record(replace(change.state, wallet=Decimal(1)), [OrderFilled(fill=fill(1))])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await book.read() == before
    assert await book.fills_since(None) == ()


async def test_a_block_that_is_cancelled_writes_nothing_and_frees_the_lock(book: PostgresPaperBook):
    before = await book.read()
    inside = asyncio.Event()

    async def hold() -> None:
        async with book.change() as change:
            change.record(replace(change.state, wallet=Decimal(1)), [])
            inside.set()
            await asyncio.sleep(60)

    holder = asyncio.create_task(hold())
    await inside.wait()
    holder.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holder
    async with asyncio.timeout(5), book.change() as change:
        assert change.state == before


async def test_changes_of_one_book_happen_one_after_another(book: PostgresPaperBook):
    async def add_one() -> None:
        async with book.change() as change:
            await asyncio.sleep(0.01)
            state = change.state
            change.record(replace(state, wallet=state.wallet + 1), [])

    await asyncio.gather(*[add_one() for _ in range(4)])
    assert (await book.read()).wallet == Decimal(10_004)


async def test_state_and_events_that_disagree_about_open_orders_are_refused(
    book: PostgresPaperBook,
):
    async with book.change() as change:
        change.record(replace(change.state, orders={"1": resting(1)}), [])
    before = await book.read()
    with pytest.raises(StoreError, match=r"disagree about open order\(s\) 1"):
        async with book.change() as change:
            change.record(replace(change.state, orders={}), [])
    assert await book.read() == before


async def test_a_fill_cannot_be_recorded_twice(book: PostgresPaperBook):
    async def record(at: datetime) -> None:
        async with book.change() as change:
            change.record(replace(change.state, matched_until=at), [OrderFilled(fill=fill(1))])

    await record(START)
    with pytest.raises(DBAPIError, match="pk_paper_fills"):
        await record(START + timedelta(minutes=1))
    assert (await book.read()).matched_until == START


async def test_an_account_without_a_wallet_is_told_how_to_get_one(engine):
    with pytest.raises(StoreError, match="no paper wallet"):
        await PostgresPaperBook(engine, "nobody").read()
