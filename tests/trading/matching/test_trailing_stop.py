"""A trailing stop follows the best price and fires when the price has come back by its ratio."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.matching.paper_builders import (
    BUY,
    INSTRUMENTS,
    SELL,
    book,
    candle,
    code_of,
    fills_in,
    matched,
    minute,
    position,
    story,
    submitted,
    trailing,
)
from trading.matching.advance import advance
from trading.matching.trailing import followed, trailing_trigger
from trading.orders import OrderRequest, Side
from trading.paper_book import BookState
from trading.timeframes import Timeframe

LONG, SHORT = position("1"), position("-1")


def placed(held: object, asked: OrderRequest) -> BookState:
    return submitted(book(held), asked)


def extreme(state: BookState) -> Decimal | None:
    return state.orders["1"].extreme_price


def test_without_an_activation_it_follows_from_the_price_of_its_placement() -> None:
    state = placed(LONG, trailing(SELL, "1", "0.05"))
    assert extreme(state) == 100
    assert story(matched(state, "100 101 95.1 100")[1]) == []
    assert story(matched(state, "100 101 95 100")[1]) == ["trail sell 1 at 95"]


def test_it_moves_with_the_price_and_never_back() -> None:
    state = placed(LONG, trailing(SELL, "1", "0.05"))
    state, _ = matched(state, "100 120 99 119")
    assert extreme(state) == 120
    state, _ = matched(state, "119 119.5 115 116", opens=2)
    assert extreme(state) == 120
    assert story(matched(state, "116 117 114 115", opens=3)[1]) == ["trail sell 1 at 114"]


def test_a_short_is_followed_downwards() -> None:
    state = placed(SHORT, trailing(BUY, "1", "0.05"))
    state, _ = matched(state, "100 101 80 81")
    assert extreme(state) == 80
    assert story(matched(state, "81 84 80.5 83", opens=2)[1]) == ["trail buy 1 at 84"]


def test_inside_one_candle_it_may_follow_up_and_fire_on_the_way_to_the_close() -> None:
    state = placed(LONG, trailing(SELL, "1", "0.05"))
    assert story(matched(state, "100 120 99 114")[1]) == ["trail sell 1 at 114"]
    assert story(matched(state, "100 120 99 114.1")[1]) == []


def test_a_gap_beyond_it_fills_at_the_open() -> None:
    state = placed(LONG, trailing(SELL, "1", "0.05"))
    assert story(matched(state, "90 99 89 98")[1]) == ["trail sell 1 at 90"]


def test_before_its_activation_it_does_nothing() -> None:
    state = placed(LONG, trailing(SELL, "1", "0.05", activation="110"))
    assert extreme(state) is None
    state, events = matched(state, "100 109.9 85 100")
    assert events == []
    state, _ = matched(state, "100 112 99 111", opens=2)
    assert extreme(state) == 112
    assert story(matched(state, "111 111 106 107", opens=3)[1]) == ["trail sell 1 at 106.4"]


@pytest.mark.parametrize(
    ("side", "activation", "code"),
    [(SELL, "100", -2021), (SELL, "100.1", None), (BUY, "100", -2021), (BUY, "99.9", None)],
)
def test_activation_lies_above_for_a_sale_and_below_for_a_purchase(
    side: Side, activation: str, code: int | None
) -> None:
    asked = trailing(side, "1", "0.01", activation=activation, reduce_only=False)
    assert code_of(lambda: submitted(book(), asked)) == code


@pytest.mark.parametrize(
    ("ratio", "code"), [("0.0009", -1130), ("0.001", None), ("0.05", None), ("0.0501", -1130)]
)
def test_the_callback_has_asters_bounds(ratio: str, code: int | None) -> None:
    asked = trailing(SELL, "1", ratio, reduce_only=False)
    assert code_of(lambda: submitted(book(), asked)) == code


def test_activation_off_the_tick_is_refused() -> None:
    asked = trailing(SELL, "1", "0.01", activation="110.05", reduce_only=False)
    assert code_of(lambda: submitted(book(), asked)) == -4135


def test_it_pays_slippage_like_every_stop() -> None:
    from trading.paper_book import PaperFees

    state = book(LONG, fees=PaperFees())
    state = submitted(state, trailing(SELL, "1", "0.05"))
    fill = fills_in(matched(state, "100 101 94 95")[1])[0]
    assert fill.price == Decimal("94.9")  # 95 x 0.9995 = 94.9525
    assert not fill.is_maker


def test_skipping_candles_that_touch_nothing_does_not_lose_a_new_high() -> None:
    highs = ["101", "105", "103", "110", "108", "104.5"]
    path = [candle(f"{high} {high} {high} {high}", opens=n) for n, high in enumerate(highs)]
    state = placed(LONG, trailing(SELL, "1", "0.05"))
    after, events = advance(
        state,
        candles_by_symbol={"BTCUSDT": path},
        fundings_by_symbol={},
        timeframe=Timeframe.M1,
        until=minute(9),
        instruments=INSTRUMENTS,
    )
    assert story(events) == ["trail sell 1 at 104.5"]
    assert after.positions == {}


@given(prices=st.lists(st.decimals("50", "150", places=1), min_size=1), is_sale=st.booleans())
def test_its_trigger_is_always_the_ratio_behind_the_best_price(
    prices: list[Decimal], is_sale: bool
) -> None:
    side = SELL if is_sale else BUY
    order = placed(LONG if is_sale else SHORT, trailing(side, "1", "0.02")).orders["1"]
    for price in prices:
        order = followed(order, price)
    best = max([Decimal(100), *prices]) if is_sale else min([Decimal(100), *prices])
    assert order.extreme_price == best
    assert trailing_trigger(order) == best * (Decimal("0.98") if is_sale else Decimal("1.02"))
