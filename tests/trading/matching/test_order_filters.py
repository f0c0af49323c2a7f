"""The venue's filters: each one has an order that must fail with Aster's code, and one that passes."""

from __future__ import annotations

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
    stop,
    target,
)
from trading.errors import OrderRejected
from trading.matching.submission import submit
from trading.orders import OrderRequest
from trading.paper_book import BookState

FLAT = book(wallet="1000000")
LONG = book(position("1"), wallet="1000000")

REFUSED = [
    ("price off the tick", FLAT, limit(BUY, "1", "90.05"), -4014),
    ("stop price off the tick", LONG, stop(SELL, "1", "90.05"), -4014),
    ("price of zero", FLAT, limit(BUY, "1", "0"), -4013),
    ("stop price below zero", LONG, stop(SELL, "1", "-1"), -4006),
    ("price that is no number", FLAT, limit(BUY, "1", "Infinity"), -1100),
    ("quantity off the step", FLAT, market(BUY, "0.5005"), -4023),
    ("quantity below the minimum", FLAT, market(BUY, "0.001"), -4003),
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
