"""Rules section 2, as tables a trader can read: what one candle does to a position and its orders.

A candle is "open high low close". The position is 1 BTC entered at 100 at 5x, so a long is
liquidated at 80.3 (bankrupt at 80) and a short at 119.6. No costs: prices are bare.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.trading.matching.paper_builders import (
    BUY,
    SELL,
    book,
    limit,
    matched,
    position,
    stop,
    story,
    target,
)

LONG, SHORT = position("1"), position("-1")

LONG_WITH_STOP_90_AND_TARGET_110 = [
    ("prices between the levels do nothing", "100 109.9 90.1 100", []),
    ("touching the stop is enough", "100 101 90 95", ["stop sell 1 at 90", "target expired"]),
    ("a stop passed inside fills at the stop", "100 101 85 86", ["stop sell 1 at 90", "target expired"]),
    ("open beyond the stop fills at the open", "85 99 84 98", ["stop sell 1 at 85", "target expired"]),
    ("open on the stop fills there", "90 99 90 98", ["stop sell 1 at 90", "target expired"]),
    ("the stop is nearer than liquidation", "100 101 60 61", ["stop sell 1 at 90", "target expired"]),
    ("open beyond liquidation comes before the stop", "79 99 78 98",
     ["autoclose sell 1 at 80", "target expired", "stop expired"]),
    ("touching the target is enough", "100 110 95 109", ["target sell 1 at 110", "stop expired"]),
    ("a gap over the target gives no windfall", "118 120 117 119",
     ["target sell 1 at 110", "stop expired"]),
    ("stop before target when both are touched", "100 110 90 105",
     ["stop sell 1 at 90", "target expired"]),
    ("stop before target even after a gap over the target", "115 116 90 95",
     ["stop sell 1 at 90", "target expired"]),
]  # fmt: skip

SHORT_WITH_STOP_110_AND_TARGET_90 = [
    ("prices between the levels do nothing", "100 109.9 90.1 100", []),
    ("touching the stop is enough", "100 110 99 105", ["stop buy 1 at 110", "target expired"]),
    ("open beyond the stop fills at the open", "114 115 99 100", ["stop buy 1 at 114", "target expired"]),
    ("the stop is nearer than liquidation", "100 140 99 139", ["stop buy 1 at 110", "target expired"]),
    ("open beyond liquidation comes before the stop", "121 122 99 100",
     ["autoclose buy 1 at 120", "target expired", "stop expired"]),
    ("touching the target is enough", "100 101 90 91", ["target buy 1 at 90", "stop expired"]),
    ("a gap below the target gives no windfall", "85 86 84 85",
     ["target buy 1 at 90", "stop expired"]),
    ("stop before target when both are touched", "100 110 90 95",
     ["stop buy 1 at 110", "target expired"]),
]  # fmt: skip

LONG_WITH_STOP_BEHIND_LIQUIDATION = [
    ("liquidation is nearer than the stop", "100 101 70 71", ["autoclose sell 1 at 80.3", "stop expired"]),
    ("the low one tick above liquidation spares it", "100 101 80.4 90", []),
    ("the low on the tick below liquidation takes it", "100 101 80.3 90",
     ["autoclose sell 1 at 80.3", "stop expired"]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "prices", "expected"), LONG_WITH_STOP_90_AND_TARGET_110)
def test_a_long_with_stop_and_target(rule: str, prices: str, expected: list[str]) -> None:
    state = book(LONG, orders=[target(SELL, "1", "110"), stop(SELL, "1", "90")])
    after, events = matched(state, prices)
    assert story(events) == expected, rule
    assert (not after.positions) == bool(expected)


@pytest.mark.parametrize(("rule", "prices", "expected"), SHORT_WITH_STOP_110_AND_TARGET_90)
def test_a_short_with_stop_and_target(rule: str, prices: str, expected: list[str]) -> None:
    state = book(SHORT, orders=[target(BUY, "1", "90"), stop(BUY, "1", "110")])
    after, events = matched(state, prices)
    assert story(events) == expected, rule
    assert (not after.positions) == bool(expected)


@pytest.mark.parametrize(("rule", "prices", "expected"), LONG_WITH_STOP_BEHIND_LIQUIDATION)
def test_a_long_whose_stop_lies_behind_liquidation(
    rule: str, prices: str, expected: list[str]
) -> None:
    _, events = matched(book(LONG, orders=[stop(SELL, "1", "80.1")]), prices)
    assert story(events) == expected, rule


LIMITS_ON_A_FLAT_BOOK = [
    ("one tick short of the price fills nothing", "100 101 95.1 100", []),
    ("touching fills at its own price", "100 101 95 100", ["limit buy 1 at 95"]),
    ("an open below it gives no windfall", "91 92 90 91", ["limit buy 1 at 95"]),
    ("a fall through it down to liquidation takes the new position", "100 101 70 99",
     ["limit buy 1 at 95", "autoclose sell 1 at 76.3"]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "prices", "expected"), LIMITS_ON_A_FLAT_BOOK)
def test_a_resting_limit_buy_at_95(rule: str, prices: str, expected: list[str]) -> None:
    _, events = matched(book(orders=[limit(BUY, "1", "95")]), prices)
    assert story(events) == expected, rule


def test_levels_on_the_way_down_are_met_in_the_order_of_their_distance() -> None:
    orders = [stop(SELL, "2", "85"), limit(BUY, "1", "95"), limit(BUY, "1", "80.5", name="deep")]
    _, events = matched(book(LONG, orders=orders), "100 101 82 90")
    assert story(events) == ["limit buy 1 at 95", "stop sell 2 at 85"]


def test_after_a_stop_the_same_fall_may_still_fill_a_lower_limit() -> None:
    orders = [stop(SELL, "1", "95"), limit(BUY, "1", "90")]
    after, events = matched(book(LONG, orders=orders), "100 101 89 92")
    assert story(events) == ["stop sell 1 at 95", "limit buy 1 at 90"]
    assert after.positions["BTCUSDT"].entry_price == 90


def test_of_two_orders_at_one_price_the_stop_goes_before_the_limit() -> None:
    orders = [limit(BUY, "1", "95"), stop(SELL, "1", "95")]
    _, events = matched(book(LONG, orders=orders), "100 101 94 96")
    assert story(events) == ["stop sell 1 at 95", "limit buy 1 at 95"]


def test_at_one_price_liquidation_goes_before_the_stop() -> None:
    held = replace(LONG, isolated_margin=Decimal("10.36"))  # 100 - 10.36 = 90 x (1 - 0.004)
    _, events = matched(book(held, orders=[stop(SELL, "1", "90")]), "100 101 90 95")
    assert story(events) == ["autoclose sell 1 at 90", "stop expired"]


def test_a_gap_over_two_stops_closes_once_and_ends_each_order_once() -> None:
    orders = [stop(SELL, "1", "88", name="low"), stop(SELL, "1", "90", name="high")]
    _, events = matched(book(LONG, orders=orders), "85 86 84 85")
    assert story(events) == ["high sell 1 at 85", "low expired"]


def test_a_plain_stop_opens_a_position_when_it_triggers() -> None:
    entry = stop(BUY, "1", "105", reduce_only=False)
    after, events = matched(book(orders=[entry]), "100 106 99 106")
    assert story(events) == ["stop buy 1 at 105"]
    assert after.positions["BTCUSDT"].isolated_margin == 21


def test_a_larger_plain_order_flips_the_position_and_ends_its_protection() -> None:
    orders = [stop(SELL, "1", "90"), limit(SELL, "3", "105")]
    after, events = matched(book(LONG, orders=orders), "100 106 99 104")
    assert story(events) == ["limit sell 3 at 105", "stop expired"]
    assert after.positions["BTCUSDT"].quantity == -2


def test_orders_of_another_symbol_are_not_touched() -> None:
    state = book(LONG, position("1", symbol="ETHUSDT"),
                 orders=[stop(SELL, "1", "90", symbol="ETHUSDT")])  # fmt: skip
    after, events = matched(state, "100 101 85 90")
    assert events == []
    assert after == state
