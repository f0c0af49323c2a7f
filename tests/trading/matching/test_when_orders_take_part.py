"""The candle in which an order was decided fills nothing; the next one to open may."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.trading.matching.paper_builders import (
    BTC,
    BUY,
    SELL,
    book,
    candle,
    limit,
    matched,
    minute,
    position,
    stop,
    story,
)
from trading.matching.candle_walk import match_candle


def test_an_order_takes_part_in_the_candle_that_opens_at_its_creation() -> None:
    state = book(orders=[limit(BUY, "1", "95")], created=1)
    assert story(matched(state, "100 101 94 100", opens=1)[1]) == ["limit buy 1 at 95"]


def test_an_order_is_untouched_by_the_candle_it_was_placed_in() -> None:
    state = book(orders=[limit(BUY, "1", "95")], created=2)
    after, events = matched(state, "100 101 94 100", opens=1)
    assert events == []
    assert after == state


def test_a_stop_placed_while_the_candle_ran_is_untouched_by_its_gap() -> None:
    state = book(position("1"), orders=[stop(SELL, "1", "90")], created=2)
    assert matched(state, "85 86 84 85", opens=1)[1] == []


def test_a_position_entered_while_the_candle_ran_is_not_liquidated_by_it() -> None:
    entered = replace(position("1"), opened_at=minute(1) + timedelta(seconds=30))
    assert matched(book(entered), "100 101 50 99", opens=1)[1] == []
    assert story(matched(book(entered), "99 101 50 99", opens=2)[1]) == ["autoclose sell 1 at 80.3"]


def test_fills_and_expiries_are_stamped_with_the_close_of_the_candle() -> None:
    state = book(position("1"), orders=[stop(SELL, "1", "90"), stop(SELL, "1", "80.5", name="low")])
    _, events = matched(state, "100 101 85 86", opens=3)
    changed, fill, expired = events
    assert fill.fill.filled_at == minute(4)
    assert changed.order.updated_at == minute(4)
    assert expired.order.updated_at == minute(4)


def test_the_mark_decides_liquidation_and_traded_prices_decide_the_stop() -> None:
    state = book(position("1"), orders=[stop(SELL, "1", "70")])
    wick, calm = candle("100 101 60 99"), candle("100 101 98 99")
    spared = match_candle(state, BTC, wick, closes_at=minute(2), mark=calm)[1]
    assert story(spared) == ["stop sell 1 at 70"]
    taken = match_candle(state, BTC, calm, closes_at=minute(2), mark=wick)[1]
    assert story(taken) == ["autoclose sell 1 at 80.3", "stop expired"]
    gapped = match_candle(state, BTC, calm, closes_at=minute(2), mark=candle("79 80 78 79"))[1]
    assert story(gapped) == ["autoclose sell 1 at 80", "stop expired"]
