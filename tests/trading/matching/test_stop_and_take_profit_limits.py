"""Stop and take-profit limits come to life at their trigger and are plain limit orders then."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.trading.matching.paper_builders import (
    BUY,
    SELL,
    book,
    code_of,
    fills_in,
    limit,
    matched,
    position,
    stop_limit,
    story,
    submitted,
    target_limit,
)
from trading.orders import OrderRequest, TimeInForce
from trading.paper_book import OrderChanged
from trading.paper_terms import PaperFees

LONG = position("1")

STOP_90_LIMIT_89 = [
    ("between the levels nothing happens", "100 101 90.1 100", []),
    ("at the trigger it takes, for it may pay as much", "100 101 90 95", ["stop sell 1 at 90"]),
    ("a gap beyond the limit leaves it resting", "85 86 84 85", []),
    ("a gap between trigger and limit takes at the open", "89.5 91 88 90", ["stop sell 1 at 89.5"]),
    ("after a gap it fills at its limit on the way up", "85 92 84 91", ["stop sell 1 at 89"]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "prices", "expected"), STOP_90_LIMIT_89)
def test_a_stop_limit_of_a_long(rule: str, prices: str, expected: list[str]) -> None:
    state = book(LONG, orders=[stop_limit(SELL, "1", "90", "89")])
    assert story(matched(state, prices)[1]) == expected, rule


def test_a_stop_limit_may_sell_no_lower_than_its_limit() -> None:
    fees = PaperFees(taker=Decimal(0), slippage=Decimal("0.05"))
    state = book(LONG, orders=[stop_limit(SELL, "1", "90", "89")], fees=fees)
    assert fills_in(matched(state, "100 101 85 90")[1])[0].price == 89


def test_what_came_to_life_rests_as_a_maker_and_is_told() -> None:
    state = book(LONG, orders=[stop_limit(SELL, "1", "90", "91")])
    after, events = matched(state, "90.5 90.9 89 90")
    (changed,) = events
    assert isinstance(changed, OrderChanged)
    assert changed.order.triggered_at == changed.order.updated_at is not None
    assert not after.orders["1"].is_conditional
    assert after.orders["1"].rests_as_limit
    _, events = matched(after, "90 91 89 90", opens=2)
    assert story(events) == ["stop sell 1 at 91"]
    assert fills_in(events)[0].is_maker


def test_a_take_profit_limit_above_its_trigger_waits_for_its_price() -> None:
    state = book(LONG, orders=[target_limit(SELL, "1", "110", "111")])
    after, events = matched(state, "100 110.5 99 110")
    assert story(events) == []
    assert story(matched(after, "110 111 109 110", opens=2)[1]) == ["target sell 1 at 111"]
    assert story(matched(state, "100 112 99 110")[1]) == ["target sell 1 at 111"]


def test_a_take_profit_limit_below_its_trigger_takes_at_once() -> None:
    state = book(LONG, orders=[target_limit(SELL, "1", "110", "109")])
    events = matched(state, "100 112 99 110")[1]
    assert story(events) == ["target sell 1 at 110"]
    assert not fills_in(events)[0].is_maker


def entry(force: TimeInForce, price: str) -> OrderRequest:
    return stop_limit(BUY, "1", "105", price, reduce_only=False, time_in_force=force)


@pytest.mark.parametrize(
    ("force", "price", "expected"),
    [
        (TimeInForce.GTX, "106", ["stop expired"]),  # it would take
        (TimeInForce.GTX, "104", ["stop buy 1 at 104"]),
        (TimeInForce.IOC, "104", ["stop expired"]),  # nobody sells at 104 then
        (TimeInForce.FOK, "104", ["stop expired"]),
        (TimeInForce.IOC, "106", ["stop buy 1 at 105"]),
        (TimeInForce.FOK, "106", ["stop buy 1 at 105"]),
    ],
)
def test_time_in_force_is_asked_when_it_comes_to_life(
    force: TimeInForce, price: str, expected: list[str]
) -> None:
    assert story(matched(book(orders=[entry(force, price)]), "100 107 99 103")[1]) == expected


def test_one_that_cannot_be_paid_when_it_comes_to_life_expires() -> None:
    asked = entry(TimeInForce.GTC, "104")
    for wallet, expected in (("20", ["stop expired"]), ("21", [])):
        state = book(orders=[asked], wallet=wallet)
        assert story(matched(state, "100 106 99 106")[1]) == expected


def test_alive_it_reserves_margin_and_is_no_conditional_order_any_more() -> None:
    state, _ = matched(book(orders=[entry(TimeInForce.GTC, "104")]), "100 106 99 106")
    conditional = [stop_limit(BUY, "1", f"12{n}", "130", name=f"s{n}", reduce_only=False)
                   for n in range(4)]  # fmt: skip
    submitted(state, *conditional, last="106")
    assert code_of(lambda: submitted(state, limit(BUY, "479", "104"), last="106")) is None
    assert code_of(lambda: submitted(state, limit(BUY, "480", "104"), last="106")) == -2019
