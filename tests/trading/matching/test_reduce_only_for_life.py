"""Reduce-only is cut to the position for its whole life and never flips (bugs 5 and 11)."""

from __future__ import annotations

import pytest

from tests.trading.matching.paper_builders import (
    BTC,
    BUY,
    SELL,
    T0,
    book,
    fills_in,
    limit,
    market,
    matched,
    position,
    quote,
    stop,
    story,
    target,
)
from trading.errors import OrderRejected
from trading.matching.submission import submit
from trading.orders import OrderRequest, OrderStatus
from trading.paper_book import OrderChanged


def test_a_market_close_larger_than_the_position_is_cut_to_it() -> None:
    close = market(SELL, "5", reduce_only=True)
    after, events = submit(book(position("2")), close, instrument=BTC, quote=quote(), at=T0)
    assert story(events) == ["order sell 2 at 100"]
    assert after.positions == {}
    accepted = events[0]
    assert isinstance(accepted, OrderChanged)
    assert accepted.order.status is OrderStatus.FILLED
    assert accepted.order.request.quantity == 2


def test_a_stop_for_the_full_size_closes_only_what_a_partial_close_left() -> None:
    state = book(position("3"), orders=[stop(SELL, "3", "90")])
    state, _ = submit(
        state, market(SELL, "2", reduce_only=True), instrument=BTC, quote=quote(), at=T0
    )
    after, events = matched(state, "100 101 89 90")
    assert story(events) == ["stop sell 1 at 90"]
    assert after.positions == {}


def test_two_stops_for_the_full_size_close_the_position_once() -> None:
    orders = [stop(SELL, "1", "90"), stop(SELL, "1", "85", name="spare")]
    after, events = matched(book(position("1"), orders=orders), "100 101 84 86")
    assert story(events) == ["stop sell 1 at 90", "spare expired"]
    assert after.positions == {}
    assert after.orders == {}


def test_a_close_at_market_ends_the_protection_of_the_position() -> None:
    orders = [stop(SELL, "1", "90"), target(SELL, "1", "110")]
    after, events = submit(
        book(position("1"), orders=orders),
        market(SELL, "1", reduce_only=True),
        instrument=BTC,
        quote=quote(),
        at=T0,
    )
    assert story(events) == ["order sell 1 at 100", "stop expired", "target expired"]
    assert after.orders == {}


def test_a_partial_close_leaves_the_protection_standing() -> None:
    state = book(position("2"), orders=[stop(SELL, "2", "90")])
    after, events = submit(
        state, market(SELL, "1", reduce_only=True), instrument=BTC, quote=quote(), at=T0
    )
    assert len(fills_in(events)) == 1
    assert list(after.orders) == ["1"]


def test_plain_orders_outlive_the_position() -> None:
    state = book(position("1"), orders=[limit(BUY, "1", "80")])
    after, _ = submit(
        state, market(SELL, "1", reduce_only=True), instrument=BTC, quote=quote(), at=T0
    )
    assert list(after.orders) == ["1"]


@pytest.mark.parametrize(
    "order",
    [
        market(BUY, "1", reduce_only=True),
        limit(BUY, "1", "90", reduce_only=True),
        stop(BUY, "1", "110"),
        target(BUY, "1", "90"),
    ],
)
@pytest.mark.parametrize("holdings", [(), (position("1"),)])
def test_reduce_only_with_nothing_to_reduce_is_rejected(
    holdings: tuple[()], order: OrderRequest
) -> None:
    with pytest.raises(OrderRejected) as refused:
        submit(book(*holdings), order, instrument=BTC, quote=quote(), at=T0)
    assert refused.value.code == -2022


def test_a_reduce_only_order_that_is_reached_without_a_position_expires() -> None:
    """No way leads there but a book that was stored by somebody else."""
    after, events = matched(book(orders=[stop(SELL, "1", "90")]), "100 101 89 90")
    assert story(events) == ["stop expired"]
    assert (after.orders, after.positions) == ({}, {})
