"""Entry with stop and target, or stop with target: sized to the fill, one takes the other away."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.trading.matching.paper_builders import (
    BUY,
    SELL,
    book,
    code_of,
    counter,
    fills_in,
    limit,
    market,
    matched,
    minute,
    position,
    stop,
    stop_limit,
    story,
    submitted,
    target,
    trailing,
)
from trading.errors import InvalidRecord
from trading.matching.amendments import cancel
from trading.matching.groups import submit_group
from trading.order_groups import OrderGroup
from trading.orders import OrderRequest, OrderStatus, TimeInForce
from trading.paper_book import BookState
from trading.paper_terms import PaperExecution

SHARE = PaperExecution(volume_share=Decimal(1))
"""A builder's candle has a volume of 1."""


def group(entry: OrderRequest | None, *exits: OrderRequest) -> OrderGroup:
    return OrderGroup(group_id="g", entry=entry, exits=exits)


def bracket(quantity: str = "1", price: str = "95") -> OrderGroup:
    """Buy at 95, stop at 90, target at 110."""
    return group(
        limit(BUY, quantity, price), stop(SELL, quantity, "90"), target(SELL, quantity, "110")
    )


def taken(wanted: OrderGroup, state: BookState | None = None, last: str = "100") -> BookState:
    return submit_group(state or book(), wanted, counter(last))[0]


def sizes(state: BookState) -> dict[str, Decimal]:
    return {o.request.client_order_id: o.remaining for o in state.orders.values()}


def test_exits_wait_and_rest_nowhere_until_the_entry_fills() -> None:
    state = taken(bracket())
    assert sizes(state) == {"limit": 1}
    assert [leg.status for leg in state.waiting.values()] == [OrderStatus.PENDING] * 2
    assert story(matched(state, "100 120 96 100")[1]) == []


def test_the_entry_wakes_its_exits() -> None:
    state, events = matched(taken(bracket()), "100 101 95 96")
    assert story(events) == ["limit buy 1 at 95"]
    assert sizes(state) == {"stop": 1, "target": 1}
    assert state.waiting == {}


def test_the_stop_takes_away_the_target_and_the_target_the_stop() -> None:
    state, _ = matched(taken(bracket()), "100 101 95 96")
    assert story(matched(state, "96 97 89 90", opens=2)[1]) == [
        "stop sell 1 at 90", "target canceled",
    ]  # fmt: skip
    assert story(matched(state, "96 111 95 110", opens=2)[1]) == [
        "target sell 1 at 110", "stop canceled",
    ]  # fmt: skip


def test_in_the_candle_of_the_entry_only_the_stop_takes_part() -> None:
    assert story(matched(taken(bracket()), "100 101 89 91")[1]) == [
        "limit buy 1 at 95", "stop sell 1 at 90", "target canceled",
    ]  # fmt: skip
    state, events = matched(taken(bracket()), "100 120 95 119")
    assert story(events) == ["limit buy 1 at 95"]
    assert sizes(state) == {"stop": 1, "target": 1}


def test_a_breakout_that_fails_before_the_close_is_stopped_in_the_same_candle() -> None:
    wanted = group(stop(BUY, "1", "105", reduce_only=False, name="entry"), stop(SELL, "1", "103"))
    assert story(matched(taken(wanted), "100 106 99 102")[1]) == [
        "entry buy 1 at 105", "stop sell 1 at 103",
    ]  # fmt: skip
    assert story(matched(taken(wanted), "100 106 99 104")[1]) == ["entry buy 1 at 105"]


def test_a_stop_behind_a_gap_fills_no_better_than_the_candle_was() -> None:
    wanted = group(limit(BUY, "1", "95"), stop(SELL, "1", "94"))
    assert story(matched(taken(wanted), "91 92 90 91")[1]) == [
        "limit buy 1 at 95", "stop sell 1 at 92",
    ]  # fmt: skip


def test_an_entry_at_market_has_its_exits_at_once() -> None:
    state, events = submit_group(
        book(), group(market(BUY, "2"), stop(SELL, "2", "90"), target(SELL, "2", "110")), counter()
    )
    assert story(events) == ["order buy 2 at 100"]
    assert sizes(state) == {"stop": 2, "target": 2}


def test_exits_grow_with_what_the_entry_fills() -> None:
    state = taken(bracket("3"), book(execution=SHARE))
    state, _ = matched(state, "100 101 95 96")
    assert sizes(state) == {"limit": 2, "stop": 1, "target": 1}
    state, _ = matched(state, "96 97 95 96", opens=2)
    assert sizes(state) == {"limit": 1, "stop": 2, "target": 2}


def test_what_one_exit_fills_in_part_is_taken_off_the_other() -> None:
    wanted = group(market(BUY, "3"), stop(SELL, "3", "90"), limit(SELL, "3", "110", name="take",
                                                                  reduce_only=True))  # fmt: skip
    state = taken(wanted, book(execution=SHARE))
    state, events = matched(state, "100 111 99 110")
    assert story(events) == ["take sell 1 at 110"]
    assert sizes(state) == {"stop": 2, "take": 2}
    _, events = matched(state, "110 110 89 90", opens=2)
    assert story(events) == ["stop sell 2 at 90", "take canceled"]


def test_an_exit_that_is_done_takes_away_what_the_entry_still_waits_for() -> None:
    state = taken(bracket("3"), book(execution=SHARE))
    state, _ = matched(state, "100 101 95 96")
    state, events = matched(state, "89 91 88 90", opens=2)
    assert story(events) == ["stop sell 1 at 89", "limit canceled", "target canceled"]
    assert (state.positions, state.orders, state.waiting) == ({}, {}, {})


def test_an_entry_that_is_cancelled_unfilled_takes_its_exits_along() -> None:
    state, events = cancel(taken(bracket()), "limit", minute(3))
    assert story(events) == ["limit canceled", "stop canceled", "target canceled"]
    assert (state.orders, state.waiting) == ({}, {})


def test_an_entry_that_is_cancelled_half_filled_leaves_its_protection() -> None:
    state, _ = matched(taken(bracket("3"), book(execution=SHARE)), "100 101 95 96")
    state, events = cancel(state, "limit", minute(3))
    assert story(events) == ["limit canceled"]
    assert sizes(state) == {"stop": 1, "target": 1}


def test_cancelling_one_exit_leaves_the_other() -> None:
    state, _ = matched(taken(bracket()), "100 101 95 96")
    state, _ = cancel(state, "stop", minute(3))
    assert sizes(state) == {"target": 1}
    waiting, _ = cancel(taken(bracket()), "stop", minute(3))
    assert [leg.request.client_order_id for leg in waiting.waiting.values()] == ["target"]


def test_two_exits_without_an_entry_protect_what_is_held() -> None:
    state = taken(group(None, stop(SELL, "2", "90"), target(SELL, "2", "110")), book(position("2")))
    assert sizes(state) == {"stop": 2, "target": 2}
    assert story(matched(state, "100 111 99 110")[1]) == ["target sell 2 at 110", "stop canceled"]


def test_of_two_exits_one_that_fills_at_once_leaves_no_other() -> None:
    taker = limit(SELL, "2", "99", reduce_only=True, name="take")
    state, events = submit_group(
        book(position("2")), group(None, taker, stop(SELL, "2", "90")), counter()
    )
    assert story(events) == ["take sell 2 at 100"]
    assert state.orders == {}


def test_of_two_unequal_exits_the_smaller_is_gone_when_the_larger_has_filled_as_much() -> None:
    larger = limit(SELL, "3", "110", reduce_only=True, name="take")
    wanted = group(None, larger, stop(SELL, "1", "90"))
    state = taken(wanted, book(position("3"), execution=SHARE))
    state, events = matched(state, "100 111 99 110")
    assert story(events) == ["take sell 1 at 110", "stop canceled"]
    assert sizes(state) == {"take": 2}


def test_an_exit_may_close_whatever_is_held() -> None:
    close = stop(SELL, "0", "90", close_position=True, reduce_only=False)
    state = taken(group(limit(BUY, "1", "95"), close), book(position("2")))
    state, _ = matched(state, "100 101 95 96")
    _, events = matched(state, "96 97 89 90", opens=2)
    assert story(events) == ["stop sell 3 at 90"]


def test_a_trailing_exit_follows_from_the_price_of_the_entry() -> None:
    state = taken(group(limit(BUY, "1", "95"), trailing(SELL, "1", "0.05")))
    state, _ = matched(state, "100 101 95 100")
    assert [o.extreme_price for o in state.orders.values()] == [101]
    state, events = matched(taken(group(limit(BUY, "1", "95"), trailing(SELL, "1", "0.05"))),
                            "100 101 95 96")  # fmt: skip
    assert story(events) == ["limit buy 1 at 95"]


REFUSED = [
    ("a stop that its entry would trigger", group(limit(BUY, "1", "95"), stop(SELL, "1", "95")), -2021),
    ("a target that its entry has reached", group(limit(BUY, "1", "95"), target(SELL, "1", "95")), -2021),
    ("a limit exit below the entry",
     group(limit(BUY, "1", "95"), limit(SELL, "1", "95", reduce_only=True, name="x")), -2021),
    ("an activation behind the entry",
     group(limit(BUY, "1", "95"), trailing(SELL, "1", "0.01", activation="95")), -2021),
    ("a stop between trigger and limit of its entry",
     group(stop_limit(BUY, "1", "105", "103", reduce_only=False, name="entry"),
           stop(SELL, "1", "104")), -2021),
    ("an entry that may not wait",
     group(limit(BUY, "1", "95", time_in_force=TimeInForce.IOC), stop(SELL, "1", "90")), -1115),
    ("an entry off the tick", group(limit(BUY, "1", "95.05"), stop(SELL, "1", "90")), -4014),
    ("an exit off the tick", group(limit(BUY, "1", "95"), stop(SELL, "1", "90.05")), -4014),
    ("two orders of one id", group(limit(BUY, "1", "95", name="stop"), stop(SELL, "1", "90"),
                                   stop(SELL, "1", "89")), -4116),
    ("an entry that cannot be paid", bracket("600"), -2019),
    ("exits of nothing held", group(None, stop(SELL, "1", "90"), target(SELL, "1", "110")), -2022),
]  # fmt: skip


@pytest.mark.parametrize(("why", "wanted", "code"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_group_is_taken_whole_or_not_at_all(why: str, wanted: OrderGroup, code: int) -> None:
    assert code_of(lambda: taken(wanted)) == code


def test_exits_that_wait_need_room_on_the_book() -> None:
    stops = [stop(BUY, "1", f"12{n}", name=f"s{n}", reduce_only=False) for n in range(3)]
    assert code_of(lambda: taken(bracket(), book(orders=stops))) == -4045
    assert code_of(lambda: taken(bracket(), book(orders=stops[:2]))) is None
    full = taken(bracket(), book(orders=stops[:2]))
    extra = stop(BUY, "1", "130", name="new", reduce_only=False)
    assert code_of(lambda: submitted(full, extra)) == -4045
    assert code_of(lambda: submitted(full, limit(BUY, "1", "80", name="stop"))) == -4116


MALFORMED = [
    (
        "an entry that only reduces",
        lambda: group(limit(BUY, "1", "95", reduce_only=True), stop(SELL, "1", "90")),
    ),
    ("an entry with three exits", lambda: group(limit(BUY, "1", "95"), *[stop(SELL, "1", "90")] * 3)),
    ("one exit alone", lambda: group(None, stop(SELL, "1", "90"))),
    ("an exit on the side of the entry", lambda: group(limit(BUY, "1", "95"), stop(BUY, "1", "99"))),
    ("an exit of another symbol",
     lambda: group(limit(BUY, "1", "95"), stop(SELL, "1", "90", symbol="ETHUSDT"))),
    ("an exit that may open",
     lambda: group(limit(BUY, "1", "95"), stop(SELL, "1", "90", reduce_only=False))),
    ("an exit at market", lambda: group(limit(BUY, "1", "95"), market(SELL, "1", reduce_only=True))),
    ("an exit of another size", lambda: group(limit(BUY, "1", "95"), stop(SELL, "2", "90"))),
]  # fmt: skip


@pytest.mark.parametrize(("why", "build"), MALFORMED, ids=[row[0] for row in MALFORMED])
def test_orders_that_make_no_group_are_named(why: str, build: object) -> None:
    with pytest.raises(InvalidRecord, match="group g"):
        build()


def test_the_fills_of_a_group_are_what_its_entry_opened() -> None:
    state = taken(bracket("3"), book(execution=SHARE))
    bought = sold = Decimal(0)
    for n, prices in enumerate(["100 101 95 96", "96 97 95 96", "96 97 95 96", "96 97 89 90"]):
        state, events = matched(state, prices, opens=n + 1)
        for fill in fills_in(events):
            bought += fill.quantity if fill.side is BUY else 0
            sold += fill.quantity if fill.side is SELL else 0
    assert bought == sold == 3
