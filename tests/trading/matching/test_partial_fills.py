"""Resting limits against the volume of a candle, and fills that come in any order, or twice."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.matching.paper_builders import (
    BTC,
    BUY,
    SELL,
    T0,
    book,
    candle,
    fills_in,
    funding,
    limit,
    market,
    matched,
    minute,
    position,
    quote,
    stop,
    story,
)
from trading.errors import InvalidRecord
from trading.matching.amendments import move_funds
from trading.matching.candle_walk import match_candle
from trading.matching.funding import pay_funding
from trading.matching.ledger import ledger_of
from trading.matching.submission import submit
from trading.orders import Fill, OrderStatus
from trading.paper_book import BookState, FundingPaid, FundsMoved, OrderChanged
from trading.paper_terms import PaperExecution, PaperFees
from trading.ports import Income

HALF = PaperExecution(volume_share=Decimal("0.5"))


def after_candle(
    state: BookState, prices: str, volume: str, opens: int = 1
) -> tuple[BookState, list[object]]:
    one = replace(candle(prices, opens=opens), volume=Decimal(volume))
    return match_candle(state, BTC, one, closes_at=minute(opens + 1))


def test_a_limit_takes_no_more_than_its_share_of_the_volume() -> None:
    state = book(orders=[limit(BUY, "3", "95")], execution=HALF)
    state, events = after_candle(state, "100 101 94 96", "2.4")
    assert story(events) == ["limit buy 1.2 at 95"]
    order = state.orders["1"]
    assert (order.status, order.filled_quantity, order.remaining) == (
        OrderStatus.PARTIALLY_FILLED, Decimal("1.2"), Decimal("1.8"),
    )  # fmt: skip
    state, events = after_candle(state, "96 97 94 95", "100", opens=2)
    assert story(events) == ["limit buy 1.8 at 95"]
    done = events[0]
    assert isinstance(done, OrderChanged)
    assert (done.order.status, done.order.average_price) == (OrderStatus.FILLED, 95)
    assert state.positions["BTCUSDT"].quantity == 3


def test_orders_share_one_volume_the_nearer_price_first() -> None:
    orders = [limit(BUY, "1", "94", name="low"), limit(BUY, "1", "95", name="high")]
    _, events = after_candle(book(orders=orders, execution=HALF), "100 101 93 96", "3")
    assert story(events) == ["high buy 1 at 95", "low buy 0.5 at 94"]


@pytest.mark.parametrize("volume", ["0", "0.0019"])
def test_without_a_step_of_volume_nothing_fills(volume: str) -> None:
    state = book(orders=[limit(BUY, "1", "95")], execution=HALF)
    after, events = after_candle(state, "100 101 94 96", volume)
    assert (after, events) == (state, [])


def test_stops_are_takers_and_fill_whatever_was_traded() -> None:
    state = book(position("3"), orders=[stop(SELL, "3", "90")], execution=HALF)
    assert story(after_candle(state, "100 101 89 90", "0")[1]) == ["stop sell 3 at 90"]


def test_by_default_touching_is_enough_for_all_of_it() -> None:
    state = book(orders=[limit(BUY, "3", "95")])
    assert story(after_candle(state, "100 101 95 96", "0")[1]) == ["limit buy 3 at 95"]


def test_a_reduce_only_limit_that_is_cut_is_done_when_nothing_is_left_to_reduce() -> None:
    state = book(position("1"), orders=[limit(SELL, "5", "105", reduce_only=True)], execution=HALF)
    state, events = after_candle(state, "100 106 99 104", "1")
    assert story(events) == ["limit sell 0.5 at 105"]
    state, events = after_candle(state, "104 106 99 104", "9", opens=2)
    assert story(events) == ["limit sell 0.5 at 105"]
    assert (state.orders, state.positions) == ({}, {})


def test_a_partly_filled_limit_that_can_no_longer_be_paid_expires() -> None:
    state = book(orders=[limit(BUY, "2", "95")], wallet="38", execution=HALF, fees=PaperFees(
        maker=Decimal("0.01"), taker=Decimal(0), slippage=Decimal(0)))  # fmt: skip
    after, events = after_candle(state, "100 101 94 96", "2")
    assert story(events) == ["limit expired"]
    assert after.positions == {}


def session() -> tuple[BookState, list[Fill], list[Income]]:
    """Adds, a reduction, a flip, funding, a deposit, and fills in parts."""
    state = book(execution=HALF, fees=PaperFees())
    fills: list[Fill] = []
    income: list[Income] = []
    for asked in (limit(BUY, "3", "95", name="a"), limit(SELL, "7", "105", name="b")):
        state, _ = submit(state, asked, instrument=BTC, quote=quote(), at=T0)
    for n, prices in enumerate(["100 101 94 96", "96 97 94 95", "95 106 94 105", "105 107 99 100"]):
        state, events = after_candle(state, prices, "3", opens=n + 1)
        fills += fills_in(events)
        state, paid = pay_funding(state, funding("0.0003", at=n + 2))
        income += [Income(tran_id=p.tran_id, kind="funding", symbol=p.symbol, amount=p.amount,
                          at=p.at) for p in paid if isinstance(p, FundingPaid)]  # fmt: skip
    state, moved = move_funds(state, Decimal(250), minute(6))
    income += [Income(tran_id=m.tran_id, kind="transfer", symbol=None, amount=m.amount, at=m.at)
               for m in moved if isinstance(m, FundsMoved)]  # fmt: skip
    state, events = submit(
        state, market(BUY, "1", name="c"), instrument=BTC, quote=quote(), at=minute(7)
    )
    return state, fills + fills_in(events), income


STATE, FILLS, INCOME = session()


def test_the_session_has_parts_adds_reductions_and_a_flip() -> None:
    assert len(FILLS) >= 5
    assert {fill.side for fill in FILLS} == {BUY, SELL}
    assert any(fill.realized_pnl != 0 for fill in FILLS)
    assert len(INCOME) >= 4


@given(data=st.data())
def test_fills_in_any_order_any_of_them_twice_give_one_ledger(data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(FILLS)))
    lines = data.draw(st.lists(st.sampled_from(INCOME)))
    fills = data.draw(st.permutations([*FILLS, *again]))
    ledger = ledger_of(Decimal(10_000), fills, data.draw(st.permutations([*INCOME, *lines])))
    assert abs(ledger.wallet - STATE.wallet) <= Decimal("1e-8")
    assert ledger.transfers == 250
    held, known = ledger.held["BTCUSDT"], STATE.positions["BTCUSDT"]
    assert (held.quantity, held.entry_price) == (known.quantity, known.entry_price)


def test_two_different_fills_of_one_id_are_refused() -> None:
    other = replace(FILLS[0], quantity=Decimal(9))
    with pytest.raises(InvalidRecord, match="BTCUSDT 1: two different"):
        ledger_of(Decimal(0), [*FILLS, other], INCOME)


def test_nothing_yet_is_the_start() -> None:
    assert ledger_of(Decimal(7), [], []).wallet == 7


def test_a_candle_without_our_orders_changes_nothing() -> None:
    assert matched(book(execution=HALF), "100 101 94 96")[1] == []
