from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy.exc import DBAPIError

from adapters.store.accounts import save_account
from adapters.store.errors import StoreError
from adapters.store.paper_books import (
    PostgresPaperBook,
    create_paper_wallet,
    set_paper_terms,
)
from tests.adapters.store.generated_books import START, states
from trading.account import Account, AgentKind
from trading.orders import (
    Fill,
    FillCause,
    GroupRole,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Side,
)
from trading.paper_book import BookState, FundingPaid, FundsMoved, OrderChanged, OrderFilled
from trading.paper_terms import PaperExecution, PaperFees, PaperTerms, SlippagePolicy
from trading.timeframes import Timeframe

pytestmark = pytest.mark.db


@pytest.fixture
def book(engine) -> PostgresPaperBook:
    with engine.begin() as conn:
        account = Account(
            id="acc1", name="x", kind=AgentKind.RULE, strategy="grid", assets=("BTC",),
            interval=Timeframe.M5,
        )  # fmt: skip
        save_account(conn, account)
        fees = PaperFees()
        assert create_paper_wallet(
            conn, "acc1", wallet=Decimal(10_000), at=START, terms=PaperTerms(fees=fees)
        )
        assert not create_paper_wallet(
            conn, "acc1", wallet=Decimal(1), at=START, terms=PaperTerms(fees=fees)
        )
    return PostgresPaperBook(engine, "acc1")


def ended(state: BookState) -> list[OrderChanged]:
    return [
        OrderChanged(order=replace(each, status=OrderStatus.CANCELED))
        for each in (*state.orders.values(), *state.waiting.values())
    ]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(state=states())
def test_a_recorded_state_is_read_back_digit_by_digit(book: PostgresPaperBook, state: BookState):
    async def run() -> None:
        async with book.change() as change:
            kept = {*state.orders, *state.waiting}
            leaving = [e for e in ended(change.state) if e.order.venue_order_id not in kept]
            change.record(state, leaving)
        again = await book.read()
        assert again == state
        assert list(again.orders) == list(state.orders)
        assert list(again.waiting) == list(state.waiting)

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


async def test_moved_funds_are_income_of_no_symbol(book: PostgresPaperBook):
    moved = FundsMoved(tran_id="1", amount=Decimal("-12.5"), at=START)
    async with book.change() as change:
        change.record(change.state, [moved])
    (line,) = await book.income_since(None)
    assert (line.kind, line.symbol, line.amount) == ("transfer", None, Decimal("-12.5"))


async def test_a_pending_exit_is_found_by_its_client_id(book: PostgresPaperBook):
    leg = replace(resting(5), status=OrderStatus.PENDING, group_id="g", group_role=GroupRole.EXIT)
    async with book.change() as change:
        change.record(replace(change.state, waiting={"5": leg}), [OrderChanged(order=leg)])
    assert await book.order_by_client_id("pf-1") == leg
    with pytest.raises(StoreError, match=r"disagree about open order\(s\) 5"):
        async with book.change() as change:
            change.record(replace(change.state, waiting={}), [])


async def test_a_book_is_opened_with_the_policies_it_was_given(engine):
    execution = PaperExecution(slippage=SlippagePolicy.DEPTH, volume_share=Decimal("0.1"))
    with engine.begin() as conn:
        account = Account(
            id="acc2", name="x", kind=AgentKind.RULE, strategy="grid", assets=("BTC",),
            interval=Timeframe.M5,
        )  # fmt: skip
        save_account(conn, account)
        create_paper_wallet(
            conn, "acc2", wallet=Decimal(1), at=START, terms=PaperTerms(execution=execution)
        )
    assert (await PostgresPaperBook(engine, "acc2").read()).execution == execution
    with engine.begin() as conn:
        assert set_paper_terms(conn, "acc2", PaperTerms())
        assert not set_paper_terms(conn, "nobody", PaperTerms())
    assert (await PostgresPaperBook(engine, "acc2").read()).execution == PaperExecution()


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
