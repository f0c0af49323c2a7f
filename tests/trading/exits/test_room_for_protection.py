"""An entry whose stop the venue would refuse is left, and the reason names what is in the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import BTC
from trading.exits.room import why_unprotectable
from trading.orders import OrderType


@pytest.mark.parametrize(
    ("words", "is_refused"),
    [
        ((), False),
        (("market", "limit", "stop_market", "take_profit_market"), False),
        (("market", "limit", "stop", "take_profit_market"), True),
    ],
)
def test_a_venue_without_stops_is_no_place_for_a_position(words, is_refused):
    reason = why_unprotectable(replace(BTC, order_types=frozenset(words)), [])
    assert (reason is not None) is is_refused
    assert reason is None or "takes no stop_market orders for BTCUSDT" in reason


@pytest.mark.parametrize(("waiting", "is_refused"), [(0, False), (8, False), (9, True), (10, True)])
def test_a_stop_and_a_target_need_room_among_the_conditional_orders(resting, waiting, is_refused):
    orders = [resting(f"hand-{number}") for number in range(waiting)]
    reason = why_unprotectable(BTC, orders)
    assert (reason is not None) is is_refused
    assert reason is None or f"{waiting} of 10 conditional orders rest" in reason


def test_orders_of_other_symbols_and_plain_ones_take_no_such_room(resting):
    others = [resting(f"hand-{number}", symbol="ETHUSDT") for number in range(10)]
    limits = [
        replace(
            order,
            request=replace(
                order.request, order_type=OrderType.LIMIT, price=order.request.stop_price
            ),
        )
        for order in (resting(f"pf-{number}") for number in range(10))
    ]
    assert why_unprotectable(BTC, [*others, *limits]) is None


@pytest.mark.parametrize(("resting_orders", "is_refused"), [(17, False), (18, True)])
def test_the_entry_itself_needs_room_as_well(resting, resting_orders, is_refused):
    small = replace(BTC, max_open_orders=20, max_conditional_orders=50)
    orders = [resting(f"hand-{number}") for number in range(resting_orders)]
    reason = why_unprotectable(small, orders)
    assert (reason is not None) is is_refused
    assert reason is None or "18 of 20 orders rest" in reason
