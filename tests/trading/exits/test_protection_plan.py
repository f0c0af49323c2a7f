"""Which orders are placed and taken away so that a position is protected as wanted."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import BTC
from trading.exits.protection import (
    CancelOrder,
    PlaceProtection,
    is_protected,
    plan_orphan_sweep,
    plan_protection,
    resting_stop,
)
from trading.orders import Leg, OrderStatus, OrderType, Side

TARGET = OrderType.TAKE_PROFIT_MARKET


@pytest.fixture(scope="session")
def plan():
    def planned(position, orders=(), stop: str | None = "95", target: str | None = "110"):
        return plan_protection(
            position,
            orders,
            stop_price=None if stop is None else Decimal(stop),
            take_profit_price=None if target is None else Decimal(target),
            instrument=BTC,
        )

    return planned


def told(actions) -> list[str]:
    """Actions as short text: what a trader would read."""
    return [
        f"{action.leg} {action.side} {action.quantity} at {action.stop_price}"
        if isinstance(action, PlaceProtection)
        else f"cancel {action.order.request.client_order_id}"
        for action in actions
    ]


def test_a_naked_long_gets_its_stop_first_and_then_its_target(plan, open_position):
    assert told(plan(open_position("2"))) == [
        "stop sell 2.000 at 95.0",
        "target sell 2.000 at 110.0",
    ]


def test_a_naked_short_is_protected_on_the_buy_side(plan, open_position):
    actions = plan(open_position("-2"), stop="105", target="90")
    assert told(actions) == ["stop buy 2.000 at 105.0", "target buy 2.000 at 90.0"]


def test_a_protected_position_needs_nothing(plan, open_position, resting):
    orders = [resting(), resting("pf-target", order_type=TARGET, stop_price="110")]
    assert plan(open_position("2"), orders) == ()


def test_a_grown_position_gets_its_new_stop_before_the_old_one_is_taken_away(
    plan, open_position, resting
):
    actions = plan(open_position("3"), [resting(quantity="2")], target=None)
    assert told(actions) == ["stop sell 3.000 at 95.0", "cancel pf-stop"]


def test_a_partly_filled_entry_is_protected_for_what_is_there(plan, open_position, resting):
    actions = plan(open_position("0.8"), [resting(quantity="2")], target=None)
    assert told(actions) == ["stop sell 0.800 at 95.0", "cancel pf-stop"]


def test_a_partly_filled_stop_that_covers_the_rest_is_kept(plan, open_position, resting):
    half = resting(filled="1", status=OrderStatus.PARTIALLY_FILLED)
    assert plan(open_position("1"), [half], target=None) == ()


def test_a_moved_stop_is_added_before_the_old_one_goes(plan, open_position, resting):
    actions = plan(open_position("2"), [resting()], stop="97", target=None)
    assert told(actions) == ["stop sell 2.000 at 97.0", "cancel pf-stop"]


def test_a_second_equal_stop_is_taken_away(plan, open_position, resting):
    actions = plan(open_position("2"), [resting("pf-a"), resting("pf-b")], target=None)
    assert told(actions) == ["cancel pf-b"]


def test_when_the_position_is_gone_its_sibling_orders_are_swept(plan, resting):
    target = resting("pf-target", order_type=TARGET, stop_price="110")
    assert told(plan(None, [resting(), target])) == ["cancel pf-stop", "cancel pf-target"]


def test_a_stop_left_over_from_the_other_direction_is_swept(plan, open_position, resting):
    actions = plan(open_position("-2"), [resting()], stop="105", target=None)
    assert told(actions) == ["stop buy 2.000 at 105.0", "cancel pf-stop"]
    assert isinstance(actions[1], CancelOrder)
    assert "other direction" in actions[1].reason


@pytest.mark.parametrize("held", [None, "2", "-2"])
def test_foreign_orders_entries_and_ended_orders_are_never_touched(
    plan, open_position, resting, held
):
    untouchable = [
        resting("hand-made"),
        resting("autoclose-7"),
        resting("pf-entry", reduce_only=False),
        resting("pf-gone", status=OrderStatus.CANCELED),
        resting("pf-other", symbol="ETHUSDT"),
    ]
    position = None if held is None else open_position(held)
    actions = plan(position, untouchable, stop="95" if held == "2" else "105")
    assert not [action for action in actions if isinstance(action, CancelOrder)]


def test_without_a_known_stop_the_resting_one_of_this_position_is_kept(
    plan, open_position, resting
):
    assert plan(open_position("2"), [resting()], stop=None, target=None) == ()


def test_without_a_known_stop_one_of_an_earlier_position_is_swept(plan, open_position, resting):
    old = resting(age=timedelta(hours=1))
    assert told(plan(open_position("2"), [old], stop=None, target=None)) == ["cancel pf-stop"]


def test_a_target_that_is_no_longer_wanted_is_taken_away(plan, open_position, resting):
    target = resting("pf-target", order_type=TARGET, stop_price="110")
    assert told(plan(open_position("2"), [resting(), target], target=None)) == ["cancel pf-target"]


def test_levels_are_put_on_a_tick_towards_the_price(plan, open_position):
    actions = plan(open_position("2"), stop="95.01", target="110.09")
    assert told(actions) == ["stop sell 2.000 at 95.1", "target sell 2.000 at 110.0"]


def test_dust_under_the_venues_minimum_gets_no_order_and_keeps_the_one_it_has(
    plan, open_position, resting
):
    assert plan(open_position("0.0004")) == ()
    assert plan(open_position("0.0004"), [resting()], target=None) == ()


def test_the_sweep_covers_every_symbol_without_a_position_and_no_other(resting):
    orders = [
        resting("pf-held"),
        resting("pf-orphan", symbol="ETHUSDT"),
        resting("hand-made", symbol="ETHUSDT"),
        resting("pf-entry", symbol="ETHUSDT", reduce_only=False),
    ]
    assert told(plan_orphan_sweep({"BTCUSDT"}, orders)) == ["cancel pf-orphan"]


@pytest.mark.parametrize(
    ("change", "protected"),
    [
        ({}, True),
        ({"client_order_id": "hand-made"}, True),
        ({"quantity": "1.999"}, False),
        ({"side": Side.BUY}, False),
        ({"reduce_only": False}, False),
        ({"order_type": TARGET}, False),
        ({"symbol": "ETHUSDT"}, False),
        ({"status": OrderStatus.EXPIRED}, False),
        ({"quantity": "3", "filled": "1.5"}, False),
    ],
)
def test_protected_means_live_stops_over_the_whole_quantity(
    open_position, resting, change, protected
):
    assert is_protected(open_position("2"), [resting(**change)]) is protected


CLOSES = {"quantity": "0", "reduce_only": False, "close_position": True}
TRAILS = {"order_type": OrderType.TRAILING_STOP_MARKET, "callback_ratio": Decimal("0.01")}


@pytest.mark.parametrize(
    ("change", "protected"),
    [
        (CLOSES, True),
        ({**CLOSES, "client_order_id": "hand-made"}, True),
        ({**CLOSES, "side": Side.BUY}, False),
        ({**CLOSES, "order_type": TARGET}, False),
        ({**CLOSES, "status": OrderStatus.CANCELED}, False),
        (TRAILS, True),
        ({**TRAILS, "quantity": "1"}, False),
        ({**TRAILS, "reduce_only": False}, False),
        ({**TRAILS, "activation_price": Decimal(105)}, False),
    ],
)
def test_a_stop_that_closes_the_position_and_one_that_trails_are_stops_too(
    open_position, resting, change, protected
):
    assert is_protected(open_position("2"), [resting(**change)]) is protected


def test_a_trailing_stop_holds_from_its_activation_on(open_position, resting):
    waiting = resting(**TRAILS, activation_price=Decimal(105))
    following = replace(waiting, extreme_price=Decimal(106))
    assert not is_protected(open_position("2"), [waiting])
    assert is_protected(open_position("2"), [following])


def test_stops_of_several_kinds_cover_the_position_together(open_position, resting):
    halves = [resting(quantity="1"), resting("hand-made", **{**TRAILS, "quantity": "1"})]
    assert is_protected(open_position("2"), halves)
    assert not is_protected(open_position("2"), halves[:1])


@pytest.mark.parametrize("change", [CLOSES, TRAILS])
def test_stops_of_other_hands_are_left_alone_and_ours_is_placed_beside_them(
    plan, open_position, resting, change
):
    foreign = resting("hand-made", **change)
    assert told(plan(open_position("2"), [foreign], target=None)) == ["stop sell 2.000 at 95.0"]
    assert plan(None, [foreign]) == ()


def test_a_closing_stop_of_ours_is_swept_with_its_position(plan, resting):
    assert told(plan(None, [resting(**CLOSES)])) == ["cancel pf-stop"]


ONCE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@ONCE
@given(st.data())
def test_carrying_out_a_plan_never_loses_cover_and_leaves_nothing_to_do(
    plan, open_position, resting, data
):
    position = open_position(data.draw(st.sampled_from(["2", "0.5", "-2"])))
    levels = ("95", "110") if position.quantity > 0 else ("105", "90")
    orders = [
        resting(
            f"{prefix}{number}",
            order_type=data.draw(st.sampled_from([OrderType.STOP_MARKET, TARGET])),
            side=data.draw(st.sampled_from(Side)),
            stop_price=data.draw(st.sampled_from(["90", "95", "105", "110"])),
            **data.draw(
                st.sampled_from([{"quantity": "0.5"}, {"quantity": "1"}, {"quantity": "2"}, CLOSES])
            ),
        )
        for number, prefix in enumerate(
            data.draw(st.lists(st.sampled_from(["pf-", "hand-"]), max_size=6))
        )
    ]
    covered = is_protected(position, orders)
    for action in plan(position, orders, *levels):
        if isinstance(action, CancelOrder):
            assert action.order.request.client_order_id.startswith("pf-")
            orders.remove(action.order)
        else:
            placed = resting(
                f"pf-new-{action.leg}",
                order_type=action.order_type,
                side=action.side,
                quantity=action.quantity,
                stop_price=action.stop_price,
            )
            orders.append(placed)
        now_covered = is_protected(position, orders)
        assert now_covered or not covered
        covered = now_covered
    assert covered
    assert plan(position, orders, *levels) == ()
    ours = [order for order in orders if order.request.client_order_id.startswith("pf-")]
    assert sorted(order.request.order_type for order in ours) == sorted(
        [OrderType.STOP_MARKET, TARGET]
    )
    flat = plan(None, orders, *levels)
    assert [action.order for action in flat if isinstance(action, CancelOrder)] == ours


def test_the_tightest_of_our_stops_of_this_position_is_the_one_that_rests(open_position, resting):
    orders = [
        resting("pf-a", stop_price="94"),
        resting("pf-b", stop_price="95"),
        resting("hand-made", stop_price="97"),
        resting("pf-old", stop_price="98", age=timedelta(hours=1)),
        resting("pf-target", order_type=TARGET, stop_price="110"),
    ]
    assert resting_stop(open_position("2"), orders) == Decimal(95)
    assert resting_stop(open_position("2"), orders[2:]) is None
    short = [resting(f"pf-{at}", side=Side.BUY, stop_price=at) for at in ("105", "104", "106")]
    assert resting_stop(open_position("-2"), short) == Decimal(104)


def test_a_stop_and_a_target_of_the_plan_become_conditional_market_orders(plan, open_position):
    stop, target = plan(replace(open_position("2")))
    assert (stop.leg, stop.order_type) == (Leg.STOP, OrderType.STOP_MARKET)
    assert (target.leg, target.order_type) == (Leg.TARGET, TARGET)
