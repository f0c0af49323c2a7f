"""What moved money and positions since our record: complete, once, and at the least weight."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.venues.aster.mapping.instants import instant_of
from tests.adapters.venues.aster_live.conftest import Weighed
from tests.adapters.venues.aster_live.wishes import Record, stop, target, wish
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.users import User
from trading.orders import FillCause, OrderType, Side
from trading.ports import IncomeKind
from trading.positions import MarginMode
from trading.units import plain

D = Decimal


@pytest.fixture
def record(user: User) -> Record:
    """Begins right after the deposit that opened the account."""
    (deposit,) = user.ledger.lines
    time.sleep(0.002)
    return Record(opening=user.ledger.wallet, since=instant_of(deposit.at_ms + 1))


async def reconcile(venue: Weighed, record: Record, **changes: Any) -> tuple[int, int]:
    """Read, book, and check what every reconciliation promises; new fills and income lines."""
    venue._reader._forget()
    seen = await venue.account()
    venue.weight()
    booked = record.booked(**changes)
    moved = await venue.movements_since(booked, seen)
    weight = venue.weight()
    assert await venue.movements_since(booked, seen) == moved
    assert list(moved.fills) == sorted(moved.fills, key=lambda f: (f.filled_at, int(f.trade_id)))
    assert list(moved.income) == sorted(moved.income, key=lambda line: (line.at, line.tran_id))
    new = record.book(moved, seen)
    venue._budget.spent.clear()
    venue.last_weight = weight
    return new


def by_hand(
    sandbox: Sandbox, user: User, side: str, quantity: str, symbol: str = "BTCUSDT"
) -> None:
    sandbox.trade_by_hand(user, symbol=symbol, side=side, type="MARKET", quantity=quantity)


async def opened(venue: Weighed, record: Record) -> None:
    """A position of 0.1 BTC with stop and target, all of it booked."""
    for request in (wish(), stop("58000"), target("62000")):
        order = await venue.submit(request)
        record.orders[order.venue_order_id] = request.client_order_id
    await reconcile(venue, record)
    record.unsettled = {"BTCUSDT"}


async def test_where_nothing_has_moved_nothing_is_asked(venue: Weighed, record: Record) -> None:
    await opened(venue, record)
    assert await reconcile(venue, record) == (0, 0)
    assert venue.last_weight == 0
    record.unsettled = set()
    assert await reconcile(venue, record) == (0, 0)
    assert venue.last_weight == 0


async def test_fills_of_our_orders_carry_our_names_and_cost_five(
    venue: Weighed, record: Record
) -> None:
    order = await venue.submit(wish(OrderType.MARKET, quantity="0.1"))
    record.orders[order.venue_order_id] = "pf-entry"
    assert await reconcile(venue, record) == (1, 0)
    # Of a symbol without a booked fill the first one is looked for, then all are paged by number.
    assert venue.last_weight == 10
    (fill,) = record.fills.values()
    assert (fill.client_order_id, fill.venue_order_id) == ("pf-entry", order.venue_order_id)
    assert (fill.side, fill.quantity, fill.price) == (Side.BUY, D("0.1"), D("60000.1"))
    assert (fill.fee, fill.realized_pnl) == (D("60000.1") * D("0.1") * D("0.0006"), 0)
    assert (fill.cause, fill.is_maker) == (FillCause.ORDER, False)
    more = await venue.submit(wish(OrderType.MARKET, quantity="0.2"))
    record.orders[more.venue_order_id] = "pf-entry"
    assert await reconcile(venue, record) == (1, 0)
    assert venue.last_weight == 5


async def test_a_stop_that_acted_between_two_cycles_is_found(
    venue: Weighed, record: Record, sandbox: Sandbox, user: User
) -> None:
    await opened(venue, record)
    sandbox.set_price("BTCUSDT", D(57_900))
    assert await reconcile(venue, record) == (1, 0)
    assert venue.last_weight == 5
    assert list(record.fills.values())[-1].client_order_id == "pf-stop"
    assert record.wallet == user.ledger.wallet


async def test_an_entry_and_its_stop_between_two_cycles_are_found_though_all_is_as_before(
    venue: Weighed, record: Record, sandbox: Sandbox, user: User
) -> None:
    for request in (wish(), stop("58000")):
        order = await venue.submit(request)
        record.orders[order.venue_order_id] = request.client_order_id
    sandbox.set_price("BTCUSDT", D(57_900))
    record.unsettled = {"BTCUSDT"}
    assert await reconcile(venue, record) == (2, 0)
    assert record.wallet == user.ledger.wallet


async def test_a_stop_filled_in_part_is_booked_once_and_not_asked_for_again(
    venue: Weighed, record: Record, sandbox: Sandbox, user: User
) -> None:
    await opened(venue, record)
    sandbox.fill(user, "pf-target", D("0.04"), D(62_000))
    assert await reconcile(venue, record) == (1, 0)
    assert await reconcile(venue, record) == (0, 0)
    assert venue.last_weight == 0


async def test_a_round_trip_by_hand_in_a_symbol_that_nobody_watches_is_named_by_the_ledger(
    venue: Weighed, record: Record, sandbox: Sandbox, user: User
) -> None:
    await opened(venue, record)
    by_hand(sandbox, user, "BUY", "500", "ASTERUSDT")
    by_hand(sandbox, user, "SELL", "500", "ASTERUSDT")
    assert await reconcile(venue, record) == (2, 0)
    # The ledger, two pages of fills, and the two orders behind them by number.
    assert venue.last_weight == 30 + 10 + 2
    assert record.wallet == user.ledger.wallet
    assert all(f.client_order_id.startswith("web_") for f in list(record.fills.values())[-2:])
    assert await reconcile(venue, record) == (0, 0)
    assert venue.last_weight == 0


async def test_two_hundred_and_fifty_fills_between_two_cycles_are_all_booked(
    venue: Weighed, record: Record, sandbox: Sandbox, user: User
) -> None:
    await opened(venue, record)
    for _ in range(125):
        by_hand(sandbox, user, "BUY", "0.01")
        by_hand(sandbox, user, "SELL", "0.01")
    assert await reconcile(venue, record) == (250, 0)
    assert record.wallet == user.ledger.wallet
    assert len(record.fills) == 251
    # The ledger and the fills in two pages each, the orders behind them by their list: not one by one.
    assert venue.last_weight == 60 + 10 + 5
    assert await reconcile(venue, record) == (0, 0)


async def test_two_hundred_and_fifty_fills_of_one_order_are_all_booked(
    venue: Weighed, record: Record, sandbox: Sandbox, user: User
) -> None:
    order = await venue.submit(
        wish(OrderType.LIMIT, quantity="0.25", price=D(59_000), client_order_id="pf-many")
    )
    record.orders[order.venue_order_id] = "pf-many"
    record.unsettled = {"BTCUSDT"}
    for _ in range(250):
        sandbox.fill(user, "pf-many", D("0.001"))
    assert await reconcile(venue, record) == (250, 0)
    assert {fill.client_order_id for fill in record.fills.values()} == {"pf-many"}
    assert sum(fill.quantity for fill in record.fills.values()) == D("0.25")
    assert record.wallet == user.ledger.wallet


async def test_funding_and_transfers_are_income_of_their_own(
    venue: Weighed, record: Record, sandbox: Sandbox, user: User
) -> None:
    await opened(venue, record)
    sandbox.pay_funding("BTCUSDT", D("0.0001"))
    sandbox.move_funds(user, D(250))
    sandbox.move_funds(user, D(-50))
    await reconcile(venue, record)
    kinds = {(line.kind, line.symbol, line.amount) for line in record.income.values()}
    assert (IncomeKind.FUNDING, "BTCUSDT", D("-0.6")) in kinds
    assert (IncomeKind.TRANSFER, None, D(250)) in kinds
    assert (IncomeKind.TRANSFER, None, D(-50)) in kinds


async def test_funding_costs_one_page_of_the_ledger(
    venue: Weighed, record: Record, sandbox: Sandbox
) -> None:
    await opened(venue, record)
    sandbox.pay_funding("BTCUSDT", D("0.0001"))
    await reconcile(venue, record)
    assert venue.last_weight == 30


async def test_lines_of_two_kinds_with_one_number_are_two_lines(
    venue: Weighed, record: Record, sandbox: Sandbox, user: User
) -> None:
    rows = [
        {"symbol": symbol, "incomeType": kind, "income": "1", "asset": "USDT", "tranId": 7,
         "time": sandbox.venue.time.now_ms, "tradeId": "", "info": ""}
        for kind, symbol in (
            ("FUNDING_FEE", "BTCUSDT"), ("FUNDING_FEE", "ETHUSDT"), ("WELCOME_BONUS", ""),
            ("MARKET_MERCHANT_RETURN_REWARD", ""),
        )
    ]  # fmt: skip
    seen = await venue.account()
    sandbox.fail("income", body=json.dumps(rows))
    moved = await venue.movements_since(record.booked(wallet=None), seen)
    assert {line.tran_id: line.kind for line in moved.income} == {
        "FUNDING_FEE:7:BTCUSDT": "funding",
        "FUNDING_FEE:7:ETHUSDT": "funding",
        "WELCOME_BONUS:7": "welcome_bonus",
        "MARKET_MERCHANT_RETURN_REWARD:7": "market_merchant_return_reward",
    }


async def test_money_in_another_asset_is_not_counted_as_if_it_were_quote(
    venue: Weighed, record: Record, sandbox: Sandbox
) -> None:
    row = (
        '[{"symbol":"","incomeType":"TRANSFER","income":"400","asset":"ASTER","tranId":1,'
        f'"time":{sandbox.venue.time.now_ms},"tradeId":"","info":""}}]'
    )
    sandbox.fail("income", body=row)
    moved = await venue.movements_since(record.booked(wallet=None), await venue.account())
    assert moved.income == ()


async def test_a_liquidation_is_told_apart_and_its_fee_is_paid_once(
    venue: Weighed, record: Record, sandbox: Sandbox, user: User
) -> None:
    await venue.set_margin_mode("BTCUSDT", MarginMode.ISOLATED)
    await venue.set_leverage("BTCUSDT", 50)
    await venue.submit(wish(quantity="1"))
    await reconcile(venue, record)
    sandbox.set_price("BTCUSDT", D(58_000))
    assert await reconcile(venue, record) == (1, 0)
    forced = list(record.fills.values())[-1]
    assert forced.cause is FillCause.LIQUIDATION
    assert forced.client_order_id.startswith("autoclose-")
    assert record.wallet == user.ledger.wallet
    # Whenever the ledger is read, the fee of the fill stands in it once more.
    sandbox.pay_funding("BTCUSDT", D("0.0001"))
    sandbox.move_funds(user, D(3))
    await reconcile(venue, record)
    assert IncomeKind.LIQUIDATION_FEE not in {line.kind for line in record.income.values()}
    assert record.wallet == user.ledger.wallet


async def test_a_liquidation_fee_that_no_fill_tells_is_income(
    venue: Weighed, record: Record, sandbox: Sandbox, user: User
) -> None:
    await opened(venue, record)
    (number,) = (fill.trade_id for fill in record.fills.values())
    row = (
        '[{"symbol":"BTCUSDT","incomeType":"INSURANCE_CLEAR","income":"-12.5","asset":"USDT",'
        f'"tranId":9,"time":{sandbox.venue.time.now_ms},"tradeId":"{number}","info":""}}]'
    )
    sandbox.fail("income", body=row)
    moved = await venue.movements_since(record.booked(wallet=None), await venue.account())
    (line,) = moved.income
    assert (line.kind, line.amount) == (IncomeKind.LIQUIDATION_FEE, D("-12.5"))


async def test_auto_deleveraging_is_told_apart(
    venue: Weighed, record: Record, sandbox: Sandbox, user: User
) -> None:
    await opened(venue, record)
    sandbox.auto_deleverage(user, "BTCUSDT", D("0.04"))
    assert await reconcile(venue, record) == (1, 0)
    assert list(record.fills.values())[-1].cause is FillCause.ADL
    assert record.wallet == user.ledger.wallet


async def test_a_rebate_is_a_negative_fee_because_the_ledger_says_so(
    venue: Weighed, record: Record, sandbox: Sandbox
) -> None:
    await venue.submit(wish())
    (paid,) = await venue._client.ledger.fills_from("BTCUSDT", 0)
    row = (
        '[{"symbol":"BTCUSDT","incomeType":"COMMISSION","asset":"USDT","tranId":1,"info":"",'
        f'"income":"{abs(paid.commission)}","tradeId":"{paid.id}","time":{paid.time}}}]'
    )
    sandbox.fail("income", body=row)
    moved = await venue.movements_since(record.booked(wallet=None), await venue.account())
    assert [fill.fee for fill in moved.fills] == [-abs(paid.commission)]
    assert moved.income == ()


async def test_a_fee_paid_in_another_asset_is_named_and_moves_no_quote(
    venue: Weighed, record: Record, sandbox: Sandbox
) -> None:
    await venue.submit(wish())
    seen = await venue.account()
    fills = await venue._client.ledger.fills_from("BTCUSDT", 0)
    rows = [
        row.model_dump(mode="json", by_alias=True) | {"commissionAsset": "ASTER"} for row in fills
    ]
    sandbox.fail("userTrades", body=json.dumps(rows), times=0)
    (fill,) = (await venue.movements_since(record.booked(), seen)).fills
    assert fill.fee == 0
    assert fill.foreign_fee == f"{plain(abs(fills[0].commission))} ASTER"


async def test_without_an_opening_balance_fills_and_ledger_are_both_read(
    venue: Weighed, record: Record, sandbox: Sandbox, user: User
) -> None:
    by_hand(sandbox, user, "BUY", "0.1")
    sandbox.pay_funding("BTCUSDT", D("0.0001"))
    assert await reconcile(venue, record, wallet=None) == (1, 1)
    assert {line.kind for line in record.income.values()} == {"funding"}


async def test_nothing_before_the_record_belongs_to_it(
    venue: Weighed, record: Record, sandbox: Sandbox, user: User
) -> None:
    by_hand(sandbox, user, "BUY", "0.1")
    sandbox.skew(60_000)
    await venue._client.read_clock()
    since = datetime.now(UTC) + timedelta(seconds=30)
    late = Record(opening=user.ledger.wallet, since=since)
    by_hand(sandbox, user, "SELL", "0.02")
    assert await reconcile(venue, late) == (1, 0)
    (fill,) = late.fills.values()
    assert fill.quantity == D("0.02")
    assert late.wallet == user.ledger.wallet


async def test_an_order_that_the_venue_has_forgotten_is_named_after_its_number(
    venue: Weighed, record: Record, sandbox: Sandbox, user: User
) -> None:
    by_hand(sandbox, user, "BUY", "0.1")
    sandbox.fail("order", method="GET", status=400, body='{"code":-2013,"msg":"gone"}')
    await reconcile(venue, record)
    (fill,) = record.fills.values()
    assert fill.client_order_id == f"unknown-{fill.venue_order_id}"


async def test_forced_orders_are_asked_for_once_for_all_orders_that_the_venue_has_forgotten(
    venue: Weighed, record: Record, sandbox: Sandbox, user: User
) -> None:
    by_hand(sandbox, user, "BUY", "0.1")
    for _ in range(2):
        sandbox.auto_deleverage(user, "BTCUSDT", D("0.01"))
    sandbox.fail("order", method="GET", times=0, status=400, body='{"code":-2013,"msg":"gone"}')
    await reconcile(venue, record)
    named = [fill.client_order_id.partition("-")[0] for fill in record.fills.values()]
    assert named == ["unknown", "adl_autoclose", "adl_autoclose"]
    assert len(sandbox.sent_to("forceOrders")) == 1


async def test_fills_of_several_symbols_come_in_order_of_time(
    venue: Weighed, record: Record, sandbox: Sandbox, user: User
) -> None:
    for symbol, quantity in (("ETHUSDT", "1"), ("BTCUSDT", "0.01"), ("ETHUSDT", "2")):
        by_hand(sandbox, user, "BUY", quantity, symbol)
    assert await reconcile(venue, record) == (3, 0)
    assert [fill.symbol for fill in record.fills.values()] == ["ETHUSDT", "BTCUSDT", "ETHUSDT"]


async def test_a_contract_that_was_delisted_while_it_was_held_ends_no_reading(
    venue: Weighed, record: Record
) -> None:
    record.quantities = {"LUNAUSDT": D(5)}
    assert await reconcile(venue, record) == (0, 0)
