"""Orders, fills, income and positions: what the venue says, booked once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from adapters.store.fills import book_fills, last_trade_id
from adapters.store.income import book_income, last_tran_id
from adapters.store.orders import upsert_orders
from adapters.store.positions import load_positions, replace_positions
from adapters.store.tables import fills, orders
from trading.orders import OrderStatus
from trading.ports import Income, VenuePosition
from trading.positions import Position

pytestmark = pytest.mark.db


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(deliveries=st.lists(st.lists(st.integers(1, 12), max_size=8), max_size=6))
def test_fills_delivered_in_any_batches_and_any_number_of_times_are_booked_once(build, deliveries):
    with build.conn.begin_nested() as example:
        booked = [
            fill.trade_id
            for batch in deliveries
            for fill in book_fills(build.conn, "acc1", [build.fill(number) for number in batch])
        ]
        wanted = list(dict.fromkeys(str(number) for batch in deliveries for number in batch))
        assert booked == wanted
        assert last_trade_id(build.conn, "acc1") == (wanted[-1] if wanted else None)
        assert build.conn.scalar(select(func.count()).select_from(fills)) == len(wanted)
        example.rollback()


def test_runs_that_book_at_the_same_time_do_not_book_twice(build, engine):
    build.conn.commit()

    def book(_: int) -> int:
        with engine.begin() as conn:
            return len(book_fills(conn, "acc1", [build.fill(number) for number in range(1, 9)]))

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(book, range(6))) == 8
    with engine.connect() as conn:
        sequences = list(conn.scalars(select(fills.c.sequence).order_by(fills.c.sequence)))
    assert sequences == list(range(1, 9))


def test_the_same_trade_id_of_another_symbol_is_another_fill(build, conn):
    both = [build.fill(1), build.fill(1, symbol="ETHUSDT")]
    assert book_fills(conn, "acc1", both) == tuple(both)


@pytest.mark.parametrize(
    "change", ["update app.fills set price = 1", "delete from app.fills", "truncate app.fills"]
)
def test_a_booked_fill_cannot_be_changed_even_by_hand(build, conn, change: str):
    book_fills(conn, "acc1", [build.fill(1)])
    with pytest.raises(DBAPIError, match="append-only"):
        conn.execute(text(change))


def test_income_lines_are_booked_once(build, conn):
    lines = [
        Income(tran_id=str(number), kind="funding", symbol="BTCUSDT",
               amount=Decimal(-number), at=build.slot)
        for number in (9, 10, 11)
    ]  # fmt: skip
    assert book_income(conn, "acc1", lines[:2]) == tuple(lines[:2])
    assert book_income(conn, "acc1", [*lines, lines[0]]) == (lines[2],)
    assert last_tran_id(conn, "acc1") == "11"
    assert last_tran_id(conn, "another") is None


def test_only_new_and_changed_orders_are_reported(build, conn):
    new = build.order()
    partly = build.order(OrderStatus.PARTIALLY_FILLED, filled="0.2", minutes=1)
    assert upsert_orders(conn, "acc1", [new]) == (new,)
    assert upsert_orders(conn, "acc1", [new]) == ()
    assert upsert_orders(conn, "acc1", [replace(new, updated_at=partly.updated_at)]) == ()
    assert upsert_orders(conn, "acc1", [partly]) == (partly,)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(range(4)), repeats=st.lists(st.integers(0, 3), max_size=4))
def test_reports_in_any_order_leave_the_newest_one_standing(build, order, repeats):
    reports = [
        build.order(),
        build.order(OrderStatus.PARTIALLY_FILLED, filled="0.2", minutes=1),
        build.order(OrderStatus.PARTIALLY_FILLED, filled="0.4", minutes=1),
        build.order(OrderStatus.FILLED, filled="0.5", minutes=2),
    ]
    with build.conn.begin_nested() as example:
        for number in [*order, *repeats]:
            upsert_orders(build.conn, "acc1", [reports[number]])
        row = build.conn.execute(select(orders)).one()
        assert (row.status, row.filled_quantity) == ("filled", Decimal("0.5"))
        example.rollback()


def test_an_order_that_ended_never_opens_again(build, conn):
    canceled = build.order(OrderStatus.CANCELED, minutes=1)
    upsert_orders(conn, "acc1", [canceled])
    assert upsert_orders(conn, "acc1", [build.order(minutes=2)]) == ()


def test_positions_are_replaced_by_what_the_venue_reports(build, conn):
    def position(symbol: str, quantity: str) -> VenuePosition:
        return VenuePosition(
            position=Position(
                symbol=symbol, quantity=Decimal(quantity), entry_price=Decimal("100.123456789"),
                leverage=3, isolated_margin=Decimal("33.3"), opened_at=build.slot,
            ),
            mark=Decimal(110),
            liquidation_price=None,
        )  # fmt: skip

    btc, eth = position("BTCUSDT", "-1.5"), position("ETHUSDT", "2")
    replace_positions(conn, "acc1", [eth, btc], build.slot)
    assert load_positions(conn, "acc1") == (btc, eth)
    replace_positions(conn, "acc1", [eth], build.slot + timedelta(minutes=5))
    assert load_positions(conn, "acc1") == (eth,)
    replace_positions(conn, "acc1", [], build.slot)
    assert load_positions(conn, "acc1") == ()
