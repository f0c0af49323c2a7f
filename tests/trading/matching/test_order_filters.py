"""The venue's filters: each one has an order that must fail with Aster's code, and one that passes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.trading.matching.paper_builders import (
    BTC,
    BUY,
    SELL,
    T0,
    book,
    limit,
    market,
    position,
    quote,
    request,
    stop,
    stop_limit,
    target,
    target_limit,
    trailing,
)
from trading.errors import InvalidRecord, OrderRejected
from trading.matching.submission import submit
from trading.orders import OrderRequest, OrderType, PriceKind, Side, TimeInForce
from trading.paper_book import BookState

FOK = TimeInForce.FOK
FLAT = book(wallet="1000000")
LONG = book(position("1"), wallet="1000000")

REFUSED = [
    ("price off the tick", FLAT, limit(BUY, "1", "90.05"), -4014),
    ("stop price off the tick", LONG, stop(SELL, "1", "90.05"), -4014),
    ("price of zero", FLAT, limit(BUY, "1", "0"), -4013),
    ("stop price below zero", LONG, stop(SELL, "1", "-1"), -4006),
    ("price that is no number", FLAT, limit(BUY, "1", "Infinity"), -1100),
    ("quantity off the step", FLAT, market(BUY, "0.5005"), -4023),
    ("quantity below the minimum", FLAT, market(BUY, "0.001"), -4004),
    ("limit quantity above the maximum", FLAT, limit(BUY, "1000.001", "90"), -4005),
    ("market quantity above its own maximum", FLAT, market(BUY, "120.001"), -4005),
    ("market notional at the mark too small", FLAT, market(BUY, "0.049"), -4164),
    ("limit notional too small", FLAT, limit(BUY, "0.055", "90"), -4164),
    ("stop that would trigger at once", LONG, stop(SELL, "1", "100"), -2021),
    ("target that is reached already", LONG, target(SELL, "1", "99"), -2021),
    (
        "entry stop that would trigger at once",
        FLAT,
        stop(BUY, "1", "100", reduce_only=False),
        -2021,
    ),
    ("client id with a space", FLAT, market(BUY, "1", name="my order"), -4015),
    ("client id of 37 characters", FLAT, market(BUY, "1", name="x" * 37), -4015),
    ("empty client id", FLAT, market(BUY, "1", name=""), -4015),
    ("order for another symbol", FLAT, market(BUY, "1", symbol="ETHUSDT"), -1121),
]

FILTERED = replace(
    BTC,
    min_price=Decimal(10), max_price=Decimal(190), multiplier_up=Decimal("1.05"),
    multiplier_down=Decimal("0.95"), min_market_quantity=Decimal("0.01"),
    market_step_size=Decimal("0.01"), price_precision=1, quantity_precision=3,
    times_in_force=frozenset({"gtc", "ioc", "gtx"}),
    order_types=frozenset({"market", "limit", "stop", "stop_market", "take_profit_market"}),
)  # fmt: skip
"""A row as a live venue describes it: every filter in force."""
ENTRY = {"reduce_only": False}

REFUSED_BY_A_LIVE_ROW = [
    ("price below the smallest", limit(BUY, "1", "9.9"), -4013),
    ("price above the largest", limit(SELL, "1", "190.1"), -4002),
    ("stop price below the smallest", stop(SELL, "1", "9.9", **ENTRY), -4006),
    ("stop price above the largest", stop(BUY, "1", "190.1", **ENTRY), -4007),
    ("limit buy above the mark's cap", limit(BUY, "1", "105.1"), -4016),
    ("limit sale below the mark's floor", limit(SELL, "1", "94.9"), -4024),
    ("stop limit buy above its stop's cap", stop_limit(BUY, "1", "110", "115.6", **ENTRY), -4183),
    ("stop limit sale below its stop's floor", stop_limit(SELL, "1", "90", "85.4", **ENTRY), -4184),
    ("market quantity below its own minimum", market(BUY, "0.009"), -4004),
    ("market quantity off its own step", market(BUY, "0.055"), -4023),
    ("more decimals in a price than are read", limit(BUY, "1", "99.99"), -1111),
    ("more decimals in a quantity than are read", limit(BUY, "1.0001", "99"), -1111),
    ("a time in force that is not offered", limit(BUY, "1", "99", time_in_force=FOK), -1115),
    ("an order type that is not offered", trailing(SELL, "1", "0.01", **ENTRY), -1116),
    ("an order type that is not offered", target_limit(SELL, "1", "110", "109", **ENTRY), -1116),
]

ACCEPTED_BY_A_LIVE_ROW = [
    limit(BUY, "1", "10"),
    limit(SELL, "1", "190"),
    limit(BUY, "1", "105"),
    limit(SELL, "1", "95"),
    stop_limit(BUY, "1", "110", "115.5", **ENTRY),
    stop_limit(SELL, "1", "90", "85.5", **ENTRY),
    market(BUY, "0.05"),
    limit(BUY, "0.055", "99"),
]

MISFITS = [
    ("a price on a market order", replace(market(BUY, "1"), price=Decimal(99)), -1106),
    ("a price on a stop", replace(stop(SELL, "1", "90"), price=Decimal(89)), -1106),
    ("a trigger on a limit order", replace(limit(BUY, "1", "99"), stop_price=Decimal(98)), -1106),
    ("a trigger on a trailing stop",
     replace(trailing(SELL, "1", "0.01"), stop_price=Decimal(98)), -1106),
    ("an activation on a stop", replace(stop(SELL, "1", "90"), activation_price=Decimal(99)), -1106),
    ("a callback on a stop", replace(stop(SELL, "1", "90"), callback_ratio=Decimal("0.01")), -1106),
    ("a price kind on a limit", replace(limit(BUY, "1", "99"), trigger_by=PriceKind.MARK), -1106),
    ("a time in force on a market order", replace(market(BUY, "1"), time_in_force=FOK), -1114),
    ("a time in force on a stop", replace(stop(SELL, "1", "90"), time_in_force=FOK), -1114),
    ("nine decimals where nothing is said", limit(BUY, "1", "99.000000001"), -1111),
]  # fmt: skip


@pytest.mark.parametrize(
    ("why", "order", "code"), REFUSED_BY_A_LIVE_ROW, ids=[row[0] for row in REFUSED_BY_A_LIVE_ROW]
)
def test_every_filter_of_a_live_row_refuses_by_its_code(
    why: str, order: OrderRequest, code: int
) -> None:
    with pytest.raises(OrderRejected) as refused:
        submit(FLAT, order, instrument=FILTERED, quote=quote(), at=T0)
    assert refused.value.code == code, why


@pytest.mark.parametrize("order", ACCEPTED_BY_A_LIVE_ROW, ids=str)
def test_an_order_inside_every_filter_is_taken(order: OrderRequest) -> None:
    assert submit(FLAT, order, instrument=FILTERED, quote=quote(), at=T0)[1]


@pytest.mark.parametrize(("why", "order", "code"), MISFITS, ids=[row[0] for row in MISFITS])
def test_a_parameter_that_the_type_does_not_take_is_refused(
    why: str, order: OrderRequest, code: int
) -> None:
    with pytest.raises(OrderRejected) as refused:
        submit(LONG, order, instrument=BTC, quote=quote(), at=T0)
    assert refused.value.code == code, why


@pytest.mark.parametrize(("side", "bid", "ask"), [(BUY, "99", "105.1"), (SELL, "94.9", "101")])
def test_a_market_order_into_a_book_far_from_the_mark_is_refused(
    side: Side, bid: str, ask: str
) -> None:
    wide = replace(quote(), bid=Decimal(bid), ask=Decimal(ask))
    with pytest.raises(OrderRejected) as refused:
        submit(FLAT, market(side, "1"), instrument=FILTERED, quote=wide, at=T0)
    assert refused.value.code == -4131


def test_the_first_broken_rule_is_reported_in_the_venues_order() -> None:
    """Parameters, filters, trigger, reduce-only, margin, room: each hides what comes after it."""
    wrong = limit(BUY, "1", "99.99", name="bad id", reduce_only=True)
    stops = [stop(BUY, "1", f"12{n}", name=f"s{n}", **ENTRY) for n in range(4)]
    tiny = book(position("1"), orders=stops, wallet="20")
    ladder = [
        (wrong, FILTERED, -4015),
        (replace(wrong, client_order_id="a"), FILTERED, -1111),
        (replace(wrong, client_order_id="a"), BTC, -4014),
        (stop(BUY, "1", "100", name="a"), BTC, -2021),
        (stop(BUY, "1", "101", name="a"), BTC, -2022),
        (limit(BUY, "9", "99", name="a"), replace(BTC, max_open_orders=1), -2019),
        (stop(BUY, "1", "101", name="a", **ENTRY), BTC, -4045),
    ]
    for order, instrument, code in ladder:
        with pytest.raises(OrderRejected) as refused:
            submit(tiny, order, instrument=instrument, quote=quote(), at=T0)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        (OrderType.LIMIT, "price"),
        (OrderType.STOP, "price"),
        (OrderType.STOP_MARKET, "stop price"),
        (OrderType.TRAILING_STOP_MARKET, "callback ratio"),
    ],
)
def test_an_order_without_what_its_type_needs_is_no_order(kind: OrderType, missing: str) -> None:
    with pytest.raises(InvalidRecord, match=f"needs a {missing}"):
        request(kind, BUY, "1", stop_price="90" if kind is OrderType.STOP else None)


@pytest.mark.parametrize("quantity", ["0", "-1"])
def test_an_order_for_nothing_is_no_order(quantity: str) -> None:
    with pytest.raises(InvalidRecord, match="must be positive"):
        market(BUY, quantity)


def test_a_tick_finer_than_usual_is_read_in_full() -> None:
    fine = replace(BTC, tick_size=Decimal("1e-10"), step_size=Decimal("1e-9"))
    assert (fine.price_decimals, fine.quantity_decimals) == (10, 9)
    assert (BTC.price_decimals, BTC.quantity_decimals) == (8, 8)


ACCEPTED = [
    ("market notional at the minimum", FLAT, market(BUY, "0.05")),
    (
        "reduce-only is exempt from the minimum notional",
        LONG,
        market(SELL, "0.002", reduce_only=True),
    ),
    ("limit of a size that is too large for the market", FLAT, limit(BUY, "120.001", "90")),
    ("market of the largest size", FLAT, market(BUY, "120")),
    ("stop one tick below the price", LONG, stop(SELL, "1", "99.9")),
    ("target one tick above the price", LONG, target(SELL, "1", "100.1")),
    ("client id of 36 characters", FLAT, market(BUY, "1", name="x" * 36)),
]


@pytest.mark.parametrize(
    ("why", "state", "order", "code"), REFUSED, ids=[row[0] for row in REFUSED]
)
def test_an_order_is_refused_with_the_venues_code(
    why: str, state: BookState, order: OrderRequest, code: int
) -> None:
    with pytest.raises(OrderRejected) as refused:
        submit(state, order, instrument=BTC, quote=quote(), at=T0)
    assert refused.value.code == code


@pytest.mark.parametrize(("why", "state", "order"), ACCEPTED, ids=[row[0] for row in ACCEPTED])
def test_an_order_on_the_right_side_of_the_line_is_taken(
    why: str, state: BookState, order: OrderRequest
) -> None:
    after, events = submit(state, order, instrument=BTC, quote=quote(), at=T0)
    assert after.next_order_id == state.next_order_id + 1
    assert events


def test_a_client_order_id_is_unique_among_open_orders_only() -> None:
    state, _ = submit(FLAT, limit(BUY, "1", "90", name="a"), instrument=BTC, quote=quote(), at=T0)
    with pytest.raises(OrderRejected) as refused:
        submit(state, market(BUY, "1", name="a"), instrument=BTC, quote=quote(), at=T0)
    assert refused.value.code == -4116
    done, _ = submit(state, market(BUY, "1", name="b"), instrument=BTC, quote=quote(), at=T0)
    again, _ = submit(done, market(BUY, "1", name="b"), instrument=BTC, quote=quote(), at=T0)
    assert again.positions["BTCUSDT"].quantity == 2


def test_open_orders_per_symbol_are_limited_conditional_ones_included() -> None:
    orders = [limit(BUY, "1", str(90 - n), name=f"l{n}") for n in range(4)]
    orders += [stop(SELL, "1", str(90 - n), name=f"s{n}") for n in range(2)]
    state = book(position("1"), orders=orders, wallet="1000000")
    for order in (limit(BUY, "1", "80", name="new"), stop(SELL, "1", "80", name="new")):
        with pytest.raises(OrderRejected) as refused:
            submit(state, order, instrument=BTC, quote=quote(), at=T0)
        assert refused.value.code == -2025


def test_a_full_book_still_takes_a_market_close() -> None:
    orders = [limit(BUY, "1", str(90 - n), name=f"l{n}") for n in range(6)]
    after, _ = submit(
        book(position("1"), orders=orders),
        market(SELL, "1", reduce_only=True),
        instrument=BTC,
        quote=quote(),
        at=T0,
    )
    assert after.positions == {}


def test_conditional_orders_per_symbol_have_their_own_limit() -> None:
    orders = [stop(SELL, "1", str(90 - n), name=f"s{n}") for n in range(4)]
    state = book(position("1"), orders=orders)
    with pytest.raises(OrderRejected) as refused:
        submit(state, target(SELL, "1", "110"), instrument=BTC, quote=quote(), at=T0)
    assert refused.value.code == -4045
    submit(state, limit(SELL, "1", "110"), instrument=BTC, quote=quote(), at=T0)


def test_ids_are_the_counters_of_the_book_as_decimal_text() -> None:
    state, first = submit(FLAT, market(BUY, "1", name="a"), instrument=BTC, quote=quote(), at=T0)
    _, second = submit(state, market(BUY, "1", name="b"), instrument=BTC, quote=quote(), at=T0)
    assert [event.order.venue_order_id for event in (first[0], second[0])] == ["1", "2"]
    assert [event.fill.trade_id for event in (first[1], second[1])] == ["1", "2"]


def test_a_resting_order_is_accepted_as_new_and_changes_no_money() -> None:
    after, events = submit(FLAT, limit(BUY, "1", "90"), instrument=BTC, quote=quote(), at=T0)
    assert [event.order.status for event in events] == ["new"]
    assert after.wallet == FLAT.wallet == Decimal(1_000_000)
