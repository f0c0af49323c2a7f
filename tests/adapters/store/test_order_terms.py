"""What is asked of an order, and what became of it, survives the tables digit by digit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from adapters.store.instruments import load_instruments, save_instruments
from adapters.store.intents import load_unsettled, plan_intent
from adapters.store.order_rows import order_columns, order_from, request_of
from adapters.store.orders import upsert_orders
from adapters.store.tables import instruments, intents, orders
from tests.builders import BTC
from trading.orders import (
    GroupRole,
    OrderRequest,
    OrderStatus,
    OrderType,
    PriceKind,
    Side,
    TimeInForce,
)

pytestmark = pytest.mark.db

TRAILING = OrderRequest(
    symbol="BTCUSDT", side=Side.SELL, order_type=OrderType.TRAILING_STOP_MARKET,
    client_order_id="pf-t", quantity=Decimal("0.5"), reduce_only=True, trigger_by=PriceKind.MARK,
    activation_price=Decimal("64000.123456789012345678"), callback_ratio=Decimal("0.0125"),
)  # fmt: skip
CLOSES = OrderRequest(
    symbol="BTCUSDT", side=Side.SELL, order_type=OrderType.STOP_MARKET, client_order_id="pf-c",
    quantity=Decimal(0), stop_price=Decimal(60_000), close_position=True,
)  # fmt: skip
POST_ONLY = OrderRequest(
    symbol="BTCUSDT", side=Side.BUY, order_type=OrderType.STOP, client_order_id="pf-s",
    quantity=Decimal(1), price=Decimal(61_000), stop_price=Decimal(60_500),
    time_in_force=TimeInForce.GTX,
)  # fmt: skip


@pytest.mark.parametrize("asked", [TRAILING, CLOSES, POST_ONLY], ids=lambda each: each.order_type)
def test_an_intent_is_read_back_as_it_was_meant(build, conn, asked: OrderRequest):
    plan_intent(
        conn, replace(build.intent(), request=asked),
        cycle_id=build.cycle_id, lease_token=1, reference_price=None,
    )  # fmt: skip
    (stored,) = load_unsettled(conn, "acc1")
    assert stored.intent.request == asked


def test_a_plain_order_has_no_terms(build, conn):
    plan_intent(conn, build.intent(), cycle_id=build.cycle_id, lease_token=1, reference_price=None)
    row = conn.execute(select(intents)).one()
    assert (row.terms, row.time_in_force, row.close_position) == ({}, "gtc", False)


def test_an_order_for_nothing_is_refused_by_the_database(build, conn):
    plan_intent(conn, build.intent(), cycle_id=build.cycle_id, lease_token=1, reference_price=None)
    with pytest.raises(DBAPIError, match="quantity_positive"):
        conn.execute(intents.update().values(quantity=Decimal(0)))


def test_what_a_venue_reports_of_a_trailing_stop_in_a_group_is_kept_and_updated(build, conn):
    first = replace(
        build.order(), request=TRAILING, group_id="g-1", group_role=GroupRole.EXIT,
        extreme_price=Decimal("64100.1"),
    )  # fmt: skip
    assert upsert_orders(conn, "acc1", [first]) == (first,)
    assert upsert_orders(conn, "acc1", [first]) == ()
    later = first.updated_at + timedelta(minutes=5)
    moved = replace(first, extreme_price=Decimal("64200.1"), updated_at=later)
    assert upsert_orders(conn, "acc1", [moved]) == (moved,)
    assert upsert_orders(conn, "acc1", [first]) == ()
    row = conn.execute(select(orders)).one()
    assert order_from(row, row.venue_order_id) == moved
    assert (row.group_id, row.group_role) == ("g-1", "exit")


def test_a_stop_limit_says_when_it_came_to_life(build, conn):
    alive = replace(build.order(), request=POST_ONLY, triggered_at=build.slot)
    upsert_orders(conn, "acc1", [alive])
    row = conn.execute(select(orders)).one()
    assert order_from(row, row.venue_order_id) == alive
    assert not order_from(row, row.venue_order_id).is_conditional


def test_a_pending_exit_becomes_open_and_never_pending_again(build, conn):
    pending = build.order(status=OrderStatus.PENDING)
    woken = build.order(status=OrderStatus.NEW, minutes=1)
    assert upsert_orders(conn, "acc1", [pending]) == (pending,)
    assert upsert_orders(conn, "acc1", [woken]) == (woken,)
    assert upsert_orders(conn, "acc1", [pending]) == ()


def test_columns_and_record_are_one_and_the_same(build):
    known = replace(build.order(), request=TRAILING, triggered_at=build.slot)
    row = SimpleNamespace(**order_columns(known))
    assert request_of(row) == TRAILING
    assert order_from(row, known.venue_order_id) == known


def test_every_filter_of_an_instrument_is_read_back(conn):
    described = replace(
        BTC, min_price=Decimal("0.5"), max_price=Decimal(10**6), multiplier_up=Decimal("1.05"),
        multiplier_down=Decimal("0.95"), min_market_quantity=Decimal("0.002"),
        market_step_size=Decimal("0.002"), price_precision=2, quantity_precision=3,
        order_types=frozenset({"market", "limit"}), times_in_force=frozenset({"gtc"}),
    )  # fmt: skip
    save_instruments(conn, "live", [described])
    save_instruments(conn, "plain", [BTC])
    assert load_instruments(conn, "live") == (described,)
    assert load_instruments(conn, "plain") == (BTC,)


def test_an_instrument_of_an_earlier_version_has_no_later_filters(conn):
    save_instruments(conn, "old", [BTC])
    kept = conn.execute(select(instruments.c.filters)).scalar_one()
    later = {"min_price", "max_price", "order_types", "times_in_force"}
    old = {name: value for name, value in kept.items() if name not in later}
    conn.execute(instruments.update().values(filters=old))
    assert load_instruments(conn, "old") == (BTC,)
