"""What an account can afford, what leverage it may have, and what its balance says."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.trading.matching.paper_builders import (
    BTC,
    BUY,
    NO_COSTS,
    SELL,
    T0,
    book,
    limit,
    market,
    matched,
    minute,
    position,
    quote,
    stop,
    story,
)
from trading.errors import BadMarketData, OrderRejected
from trading.matching.amendments import cancel, set_leverage
from trading.matching.margin import balance, free_margin
from trading.matching.submission import submit
from trading.orders import OrderRequest
from trading.paper_book import BookState
from trading.paper_terms import PaperFees

TAKER_1_PERCENT = PaperFees(maker=Decimal(0), taker=Decimal("0.01"), slippage=Decimal(0))


def code_of(state: BookState, order: OrderRequest) -> int | None:
    """The code of the refusal, None when the order is taken."""
    try:
        submit(state, order, instrument=BTC, quote=quote(), at=T0)
    except OrderRejected as refused:
        return refused.code
    return None


@pytest.mark.parametrize(("quantity", "code"), [("47.619", None), ("47.62", -2019)])
def test_initial_margin_and_fee_must_fit_into_what_is_free(quantity: str, code: int | None) -> None:
    # 100 / 5 + 1 % of 100 = 21 per unit: 1000 buys 47.619...
    assert code_of(book(wallet="1000", fees=TAKER_1_PERCENT), market(BUY, quantity)) == code


def test_margin_of_other_positions_is_not_free_whatever_they_earn() -> None:
    state = book(position("40", "50", symbol="ETHUSDT"), wallet="1000")
    assert free_margin(state) == 600
    assert code_of(state, market(BUY, "30")) is None
    assert code_of(state, market(BUY, "30.001")) == -2019


def test_a_close_passes_without_any_free_margin() -> None:
    broke = book(position("10"), wallet="200", fees=TAKER_1_PERCENT)
    assert code_of(broke, market(SELL, "10")) is None
    assert code_of(broke, market(SELL, "1", reduce_only=True)) is None
    assert code_of(broke, market(BUY, "1")) == -2019


def test_a_way_out_passes_even_when_losses_have_eaten_into_the_margin() -> None:
    under = book(position("10"), wallet="150")  # 200 is set aside
    assert balance(under, {"BTCUSDT": Decimal(90)}).available == 0
    assert code_of(under, market(SELL, "1")) is None
    assert code_of(under, market(SELL, "10", reduce_only=True)) is None
    assert code_of(under, limit(SELL, "10", "110")) is None
    assert code_of(under, limit(SELL, "10.1", "110")) == -2019


def test_a_flip_uses_the_margin_it_releases() -> None:
    state = book(position("10"), wallet="200")
    assert code_of(state, market(SELL, "20")) is None
    assert code_of(state, market(SELL, "20.001")) == -2019


def test_resting_limits_reserve_the_margin_of_what_they_would_open() -> None:
    state = book(orders=[limit(BUY, "10", "90")], wallet="1000")
    assert balance(state, {}).margin_used == 180
    assert balance(state, {}).available == 820
    assert code_of(state, market(BUY, "41")) is None
    assert code_of(state, market(BUY, "41.001")) == -2019


def test_of_two_sides_only_the_dearer_one_is_reserved() -> None:
    orders = [limit(BUY, "10", "90", name="a"), limit(SELL, "10", "110", name="b")]
    assert balance(book(orders=orders), {}).margin_used == 220


def test_a_limit_that_only_closes_reserves_nothing() -> None:
    state = book(position("10"), orders=[limit(SELL, "10", "110")])
    assert balance(state, {"BTCUSDT": Decimal(100)}).margin_used == 200
    beyond = book(position("10"), orders=[limit(SELL, "15", "110")])
    assert balance(beyond, {"BTCUSDT": Decimal(100)}).margin_used == 200 + 110


def test_reduce_only_limits_reserve_nothing_however_many_there_are() -> None:
    closes = [limit(SELL, "10", price, name=price, reduce_only=True) for price in ("110", "120")]
    state = book(position("10"), orders=closes)
    assert balance(state, {"BTCUSDT": Decimal(100)}).margin_used == 200


def test_a_limit_needs_its_maker_fee_beside_its_margin() -> None:
    fees = PaperFees(maker=Decimal("0.01"), taker=Decimal(0), slippage=Decimal(0))
    assert code_of(book(wallet="189", fees=fees), limit(BUY, "10", "90")) is None
    assert code_of(book(wallet="188.9", fees=fees), limit(BUY, "10", "90")) == -2019


def test_a_limit_is_refused_when_its_margin_is_not_free() -> None:
    assert code_of(book(wallet="180"), limit(BUY, "10", "90")) is None
    assert code_of(book(wallet="179"), limit(BUY, "10", "90")) == -2019
    assert code_of(book(position("10"), wallet="200"), limit(SELL, "10", "110")) is None


def test_an_entry_stop_that_cannot_be_paid_when_it_triggers_expires() -> None:
    entry = stop(BUY, "10", "105", reduce_only=False)
    after, events = matched(book(orders=[entry], wallet="209"), "100 106 99 106")
    assert story(events) == ["stop expired"]
    assert after.positions == {}
    assert story(matched(book(orders=[entry], wallet="210"), "100 106 99 106")[1]) == [
        "stop buy 10 at 105"
    ]


@pytest.mark.parametrize(
    ("leverage", "quantity", "code"),
    [
        (20, "499", None),
        (50, "499", None),
        (50, "500", -2027),
        (20, "500", None),
        (21, "500", -2027),
    ],
)
def test_leverage_above_the_bracket_of_the_notional_is_refused(
    leverage: int, quantity: str, code: int | None
) -> None:
    state = book(wallet="1000000", leverage=leverage)
    assert code_of(state, limit(BUY, quantity, "100")) == code


def test_leverage_of_an_entry_stop_is_judged_when_it_triggers() -> None:
    entry = stop(BUY, "500", "101", reduce_only=False)
    state = book(wallet="1000000", leverage=50)
    assert code_of(state, entry) is None
    waiting = book(orders=[entry], wallet="1000000", leverage=50)
    assert story(matched(waiting, "100 102 99 101")[1]) == ["stop expired"]


def test_resting_limits_of_one_side_are_judged_together() -> None:
    state = book(orders=[limit(BUY, "300", "99", name="a")], wallet="1000000", leverage=50)
    assert code_of(state, limit(BUY, "199", "100", name="b")) is None
    assert code_of(state, limit(BUY, "200", "100", name="b")) == -2027


def test_an_add_is_judged_by_the_whole_position() -> None:
    state = book(position("450", leverage=50), wallet="1000000", leverage=50)
    assert code_of(state, market(BUY, "49")) is None
    assert code_of(state, market(BUY, "50")) == -2027


@pytest.mark.parametrize("leverage", [-1, 0, 51])
def test_leverage_that_the_venue_does_not_offer_is_refused(leverage: int) -> None:
    with pytest.raises(OrderRejected) as refused:
        set_leverage(book(), "BTCUSDT", leverage, BTC)
    assert refused.value.code == -4028


@pytest.mark.parametrize("leverage", [1, 50])
def test_new_positions_open_at_the_leverage_that_was_set(leverage: int) -> None:
    state = set_leverage(book(), "BTCUSDT", leverage, BTC)
    after, _ = submit(state, market(BUY, "1"), instrument=BTC, quote=quote(), at=T0)
    assert after.positions["BTCUSDT"].leverage == leverage
    assert after.positions["BTCUSDT"].isolated_margin == Decimal(100) / leverage


def test_nothing_is_borrowed_while_no_leverage_was_set() -> None:
    state = BookState(wallet=Decimal(1000), matched_until=T0, fees=NO_COSTS)
    after, _ = submit(state, market(BUY, "10"), instrument=BTC, quote=quote(), at=T0)
    assert after.positions["BTCUSDT"].isolated_margin == 1000


def test_leverage_cannot_change_under_an_open_position() -> None:
    state = book(position("1", leverage=5))
    with pytest.raises(OrderRejected) as refused:
        set_leverage(state, "BTCUSDT", 3, BTC)
    assert refused.value.code == -4161
    assert set_leverage(state, "BTCUSDT", 5, BTC) == state


def test_less_leverage_is_refused_when_resting_orders_could_not_be_paid_any_more() -> None:
    state = book(orders=[limit(BUY, "10", "90")], wallet="200")
    with pytest.raises(OrderRejected) as refused:
        set_leverage(state, "BTCUSDT", 4, BTC)
    assert refused.value.code == -2019
    assert set_leverage(state, "BTCUSDT", 10, BTC).leverage["BTCUSDT"] == 10


def test_balance_values_positions_at_the_mark() -> None:
    money = balance(book(position("-2"), wallet="1000"), {"BTCUSDT": Decimal(90)})
    assert (money.wallet, money.unrealized, money.equity) == (1000, 20, 1020)
    assert (money.margin_used, money.available) == (40, 960)


def test_a_position_without_a_mark_has_no_value_rather_than_zero() -> None:
    with pytest.raises(BadMarketData, match="BTCUSDT"):
        balance(book(position("1")), {"ETHUSDT": Decimal(1)})


def test_cancel_frees_the_margin_and_says_so() -> None:
    state = book(orders=[limit(BUY, "10", "90")], wallet="200")
    after, events = cancel(state, "limit", minute(3))
    assert story(events) == ["limit canceled"]
    assert events[0].order.updated_at == minute(3)
    assert free_margin(after) == 200


@pytest.mark.parametrize("name", ["never", "done"])
def test_cancel_of_an_order_that_is_not_open_is_refused(name: str) -> None:
    state, _ = submit(book(), market(BUY, "1", name="done"), instrument=BTC, quote=quote(), at=T0)
    with pytest.raises(OrderRejected) as refused:
        cancel(state, name, T0)
    assert refused.value.code == -2011
