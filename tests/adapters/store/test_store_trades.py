from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from adapters.store.tables import trades
from adapters.store.trades import (
    apply_fills_to_trades,
    book_funding_on_trades,
    load_open_trades,
    set_close_reason,
    set_trade_levels,
)
from trading.orders import FillCause, Leg, Side
from trading.ports import Income
from trading.trades import build_trades

pytestmark = pytest.mark.db


def funding(build, amount: str, minutes: int) -> Income:
    return Income(
        tran_id=f"f{minutes}{amount}", kind="funding", symbol="BTCUSDT", amount=Decimal(amount),
        at=build.slot + timedelta(minutes=minutes),
    )  # fmt: skip


def close(build, leg: Leg | None, **changes: object) -> str:
    """Open and close a trade, the latter by an order of that leg; the reason recorded."""
    client_id = "not-ours"
    if leg is not None:
        client_id = build.planned(build.intent(leg, side=Side.SELL)).intent.request.client_order_id
    closed = apply_fills_to_trades(
        build.conn, "acc1", [build.fill(2, Side.SELL, client_id=client_id, minutes=5, **changes)]
    )
    assert load_open_trades(build.conn, "acc1") == ()
    return closed[0].close_reason


def test_a_trade_carries_the_decision_and_the_plan_it_was_entered_with(build, conn):
    decision_id = build.stored_decision()
    intent = build.planned(build.intent(decision_id=decision_id)).intent
    apply_fills_to_trades(conn, "acc1", [build.fill(1, client_id=intent.request.client_order_id)])
    (trade,) = load_open_trades(conn, "acc1")
    assert (trade.decision_id, trade.exit_plan) == (decision_id, "leave below 90")
    assert (trade.stop_price, trade.take_profit_price) == (Decimal(90), Decimal(120))


@pytest.mark.parametrize(
    ("leg", "announced", "changes", "reason"),
    [
        (Leg.STOP, None, {}, "stop"),
        (Leg.TARGET, "max_holding", {}, "target"),
        (Leg.EXIT, "max_holding", {}, "max_holding"),
        (Leg.EXIT, None, {}, "exit"),
        (None, None, {"cause": FillCause.LIQUIDATION}, "liquidation"),
        (None, None, {}, "outside"),
    ],
)
def test_a_closed_trade_says_why(build, conn, leg, announced, changes, reason):
    apply_fills_to_trades(conn, "acc1", [build.fill(1)])
    if announced:
        assert set_close_reason(conn, "acc1", "BTCUSDT", announced)
    assert close(build, leg, **changes) == reason


def test_levels_of_the_open_trade_can_be_moved_and_those_of_none_cannot(build, conn):
    assert not set_trade_levels(conn, "acc1", "BTCUSDT", Decimal(1), None, "")
    apply_fills_to_trades(conn, "acc1", [build.fill(1)])
    assert set_trade_levels(conn, "acc1", "BTCUSDT", Decimal("95.5"), None, "new plan")
    (trade,) = load_open_trades(conn, "acc1")
    assert (trade.stop_price, trade.take_profit_price, trade.exit_plan) == (
        Decimal("95.5"), None, "new plan",
    )  # fmt: skip


def test_a_fill_through_zero_closes_one_trade_and_opens_the_opposite_one(build, conn):
    apply_fills_to_trades(conn, "acc1", [build.fill(1, quantity="1")])
    flip = build.fill(2, Side.SELL, "3", "110", pnl="10", fee="0.3", minutes=5)
    (closed,) = apply_fills_to_trades(conn, "acc1", [flip])
    (opened,) = load_open_trades(conn, "acc1")
    assert (closed.trade.gross_pnl, closed.trade.fees) == (Decimal(10), Decimal("0.16"))
    assert (opened.trade.open_quantity, opened.trade.fees) == (Decimal(-2), Decimal("0.2"))
    assert (opened.stop_price, opened.close_reason) == (None, None)


def test_funding_goes_to_the_trade_that_was_open_at_its_instant(build, conn):
    first = [build.fill(1), build.fill(2, Side.SELL, minutes=60)]
    second = [build.fill(3, minutes=120)]
    apply_fills_to_trades(conn, "acc1", [*first, *second])
    lines = [
        funding(build, "-1", 30),  # the first trade holds
        funding(build, "-2", 60),  # it is closed at that very instant, after the payment
        funding(build, "-4", 121),  # the second holds
        funding(build, "-8", 90),  # nobody holds
    ]
    book_funding_on_trades(conn, "acc1", lines)
    paid = conn.execute(select(trades.c.funding).order_by(trades.c.opened_at)).scalars()
    assert list(paid) == [Decimal(-3), Decimal(-4)]


def test_an_order_placed_at_the_funding_instant_does_not_pay_it(build, conn):
    apply_fills_to_trades(
        conn,
        "acc1",
        [build.fill(1), build.fill(2, Side.SELL, minutes=60), build.fill(3, minutes=60)],
    )
    book_funding_on_trades(conn, "acc1", [funding(build, "-1", 60)])
    paid = conn.execute(select(trades.c.status, trades.c.funding)).all()
    assert sorted(map(tuple, paid)) == [("closed", Decimal(-1)), ("open", Decimal(0))]


orders = st.lists(
    st.tuples(st.sampled_from(Side), st.integers(1, 5), st.integers(90, 110), st.integers(-9, 9)),
    max_size=12,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(orders=orders, cuts=st.lists(st.integers(0, 12), max_size=3))
def test_fills_booked_in_any_batches_give_the_trades_of_the_pure_rules(build, orders, cuts):
    fills = [
        build.fill(number, side, str(quantity), str(price), pnl=str(pnl), minutes=number)
        for number, (side, quantity, price, pnl) in enumerate(orders, start=1)
    ]
    edges = [0, *sorted(cuts), len(fills)]
    with build.conn.begin_nested() as example:
        closed = [
            stored.trade
            for first, last in pairwise(edges)
            for stored in apply_fills_to_trades(build.conn, "acc1", fills[first:last])
        ]
        still_open = {t.trade.symbol: t.trade for t in load_open_trades(build.conn, "acc1")}
        wanted = build_trades(fills)
        assert tuple(closed) == wanted.closed
        assert still_open == wanted.open_by_symbol
        example.rollback()
