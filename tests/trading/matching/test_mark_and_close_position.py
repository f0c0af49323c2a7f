"""Orders that the mark triggers, orders that close whatever is held, and money that moves."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.trading.matching.paper_builders import (
    BTC,
    BUY,
    INSTRUMENTS,
    SELL,
    T0,
    book,
    candle,
    code_of,
    limit,
    market,
    minute,
    position,
    quote,
    stop,
    story,
    submitted,
    target,
    trailing,
)
from trading.matching.advance import advance
from trading.matching.amendments import move_funds
from trading.matching.candle_walk import match_candle
from trading.matching.submission import submit
from trading.orders import OrderRequest, OrderStatus, PriceKind
from trading.paper_book import BookState, FundsMoved, OrderChanged
from trading.timeframes import Timeframe

LONG = position("1")
MARK = PriceKind.MARK


def with_mark(state: BookState, prices: str, mark: str) -> list[str]:
    return story(
        match_candle(state, BTC, candle(prices), closes_at=minute(2), mark=candle(mark))[1]
    )


@pytest.mark.parametrize(
    ("why", "prices", "mark", "expected"),
    [
        ("traded prices alone do nothing", "100 101 85 99", "100 101 98 99", []),
        ("the mark triggers, the market fills", "100 101 85 99", "100 101 90 99",
         ["stop sell 1 at 90"]),
        ("where nothing was traded it is the worse extreme", "100 101 95 99", "100 101 90 99",
         ["stop sell 1 at 95"]),
        ("also when the market was far below", "88 89 87 88", "100 101 90 99", ["stop sell 1 at 87"]),
        ("a mark that opens beyond fills at the open", "92 93 91 92", "89 90 88 89",
         ["stop sell 1 at 92"]),
    ],
)  # fmt: skip
def test_a_stop_by_the_mark(why: str, prices: str, mark: str, expected: list[str]) -> None:
    state = book(LONG, orders=[stop(SELL, "1", "90", trigger_by=MARK)])
    assert with_mark(state, prices, mark) == expected, why


def test_a_trailing_stop_by_the_mark_follows_the_mark() -> None:
    state = book(LONG)
    state, _ = submit(
        state, trailing(SELL, "1", "0.05", trigger_by=MARK), instrument=BTC,
        quote=replace(quote(), mark=Decimal(102)), at=T0,
    )  # fmt: skip
    assert state.orders["1"].extreme_price == 102
    assert with_mark(state, "100 130 99 100", "102 110 101 105") == []
    assert with_mark(state, "100 130 99 100", "102 110 101 104") == ["trail sell 1 at 104.5"]


def test_the_trigger_at_placement_is_read_from_the_mark_too() -> None:
    def placed(mark: str) -> object:
        asked = stop(SELL, "1", "99", trigger_by=MARK)
        return submit(
            book(LONG), asked, instrument=BTC, quote=replace(quote(), mark=Decimal(mark)), at=T0
        )

    assert code_of(lambda: placed("99")) == -2021
    assert code_of(lambda: placed("99.1")) is None


def test_mark_candles_reach_the_matching_through_time() -> None:
    state = book(LONG, orders=[stop(SELL, "1", "90", trigger_by=MARK)])
    path = [candle("100 101 99 100", opens=n) for n in range(5)]
    marks = [candle("100 101 99 100", opens=n) for n in (0, 1, 2)] + [
        candle("95 96 89 95", opens=3)
    ]
    after, events = advance(
        state, candles_by_symbol={"BTCUSDT": path}, fundings_by_symbol={},
        timeframe=Timeframe.M1, until=minute(5), instruments=INSTRUMENTS,
        marks_by_symbol={"BTCUSDT": marks},
    )  # fmt: skip
    assert story(events) == ["stop sell 1 at 99"]
    assert after.positions == {}


def closing(asked: OrderRequest) -> OrderRequest:
    return replace(asked, quantity=Decimal(0), close_position=True, reduce_only=False)


def test_close_position_closes_whatever_is_held_when_it_triggers() -> None:
    state = submitted(book(LONG), closing(stop(SELL, "1", "90")), market(BUY, "2", name="add"))
    assert story(match_candle(state, BTC, candle("100 101 89 90", opens=1), closes_at=minute(2))[1]) == [
        "stop sell 3 at 90"
    ]  # fmt: skip


def test_close_position_says_how_much_it_closed() -> None:
    state = submitted(book(LONG), closing(target(SELL, "1", "110")))
    assert state.orders["1"].remaining == 0
    _, events = match_candle(state, BTC, candle("100 111 99 110"), closes_at=minute(2))
    done = events[0]
    assert isinstance(done, OrderChanged)
    assert done.order.status is OrderStatus.FILLED
    assert done.order.request.quantity == done.order.filled_quantity == 1


def test_close_position_goes_with_its_position() -> None:
    state = submitted(book(LONG), closing(stop(SELL, "1", "90")))
    _, events = submit(state, market(SELL, "1", name="out"), instrument=BTC, quote=quote(), at=T0)
    assert story(events) == ["out sell 1 at 100", "stop expired"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (replace(closing(stop(SELL, "1", "90")), quantity=Decimal(1)), -4137),
        (replace(closing(stop(SELL, "1", "90")), reduce_only=True), -1106),
        (closing(market(SELL, "1")), -1106),
        (closing(limit(SELL, "1", "110")), -1106),
        (closing(stop(BUY, "1", "110")), -2022),
    ],
)
def test_what_close_position_does_not_go_with(asked: OrderRequest, code: int) -> None:
    assert code_of(lambda: submitted(book(LONG), asked)) == code


def test_close_position_without_a_position_is_rejected() -> None:
    assert code_of(lambda: submitted(book(), closing(stop(SELL, "1", "90")))) == -2022


@pytest.mark.parametrize("amount", ["250.5", "-9800"])
def test_money_moves_without_profit_or_loss(amount: str) -> None:
    state = book(position("10"))
    after, events = move_funds(state, Decimal(amount), minute(3))
    assert after.wallet == state.wallet + Decimal(amount)
    assert events == [FundsMoved(tran_id="1", amount=Decimal(amount), at=minute(3))]
    assert after.next_tran_id == 2


@pytest.mark.parametrize(("amount", "code"), [("-9800.01", -2018), ("0", -1100), ("NaN", -1100)])
def test_money_that_is_not_free_stays(amount: str, code: int) -> None:
    assert code_of(lambda: move_funds(book(position("10")), Decimal(amount), T0)) == code
