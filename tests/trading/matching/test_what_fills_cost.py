"""Fees, slippage, margin and realised PnL of fills, to the last digit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.trading.matching.paper_builders import (
    BTC,
    BUY,
    SELL,
    T0,
    book,
    fills_in,
    limit,
    market,
    matched,
    position,
    quote,
    stop,
    target,
)
from trading.matching.submission import submit
from trading.orders import OrderRequest, Side
from trading.paper_terms import PaperFees

FEES = PaperFees()


@pytest.mark.parametrize(
    ("side", "last", "price"),
    [
        (BUY, "100", "100.1"),  # 100.05, up to the tick
        (SELL, "100", "99.9"),  # 99.95, down to the tick
        (BUY, "2000", "2001"),  # exactly on the tick
        (SELL, "2000", "1999"),
    ],
)
def test_a_market_order_fills_at_last_worsened_by_slippage(
    side: Side, last: str, price: str
) -> None:
    after, events = submit(
        book(fees=FEES), market(side, "0.5"), instrument=BTC, quote=quote(last), at=T0
    )
    fill = fills_in(events)[0]
    assert fill.price == Decimal(price)
    assert fill.fee == Decimal(price) * Decimal("0.5") * Decimal("0.0006")
    assert not fill.is_maker
    assert after.wallet == Decimal(10_000) - fill.fee
    assert after.positions["BTCUSDT"].isolated_margin == Decimal(price) / 10


@pytest.mark.parametrize(
    ("order", "prices", "price"),
    [
        (stop(SELL, "1", "2000"), "2010 2011 1999 2000", "1999"),
        (stop(SELL, "1", "2000"), "1990 2011 1980 2000", "1989"),  # 1990 x 0.9995 = 1989.005
        (target(SELL, "1", "2020"), "2010 2030 2009 2020", "2018.9"),  # 2018.99
    ],
)
def test_stops_and_targets_are_taker_fills_with_slippage(
    order: OrderRequest, prices: str, price: str
) -> None:
    state = book(position("1", "2010"), orders=[order], fees=FEES)
    after, events = matched(state, prices)
    fill = fills_in(events)[0]
    assert fill.price == Decimal(price)
    assert fill.fee == fill.price * Decimal("0.0006")
    assert fill.realized_pnl == fill.price - 2010
    assert after.wallet == state.wallet + fill.realized_pnl - fill.fee


def test_a_resting_limit_pays_the_maker_fee_and_no_slippage() -> None:
    _, events = matched(book(orders=[limit(BUY, "1", "95")], fees=FEES), "100 101 94 99")
    fill = fills_in(events)[0]
    assert fill.is_maker
    assert fill.price == 95
    assert fill.fee == Decimal("0.019")


@pytest.mark.parametrize(
    ("side", "last", "price", "filled_at"),
    [
        (BUY, "100", "105", "100.1"),  # better than its limit: the worsened last price
        (SELL, "100", "95", "99.9"),
        (BUY, "2000", "2000.1", "2000.1"),  # reaches the ask, and never pays more than its limit
        (SELL, "2000", "1999.9", "1999.9"),
    ],
)
def test_a_limit_that_crosses_the_book_fills_at_once_as_taker(
    side: Side, last: str, price: str, filled_at: str
) -> None:
    _, events = submit(
        book(fees=FEES), limit(side, "1", price), instrument=BTC, quote=quote(last), at=T0
    )
    fill = fills_in(events)[0]
    assert fill.price == Decimal(filled_at)
    assert not fill.is_maker


@pytest.mark.parametrize(("side", "price"), [(BUY, "100"), (SELL, "100")])
def test_a_limit_inside_the_spread_rests(side: Side, price: str) -> None:
    after, events = submit(
        book(fees=FEES), limit(side, "1", price), instrument=BTC, quote=quote(), at=T0
    )
    assert fills_in(events) == []
    assert list(after.orders) == ["1"]


def test_initial_margin_is_released_in_proportion_on_a_partial_close() -> None:
    state = book(position("4", leverage=5))
    order = market(SELL, "1", reduce_only=True)
    after, events = submit(state, order, instrument=BTC, quote=quote("110"), at=T0)
    assert after.positions["BTCUSDT"].isolated_margin == 60
    assert after.positions["BTCUSDT"].entry_price == 100
    assert fills_in(events)[0].realized_pnl == 10


def test_adding_moves_the_entry_to_the_weighted_mean_and_realises_nothing() -> None:
    after, events = submit(
        book(position("1")), market(BUY, "3"), instrument=BTC, quote=quote("120"), at=T0
    )
    assert after.positions["BTCUSDT"].entry_price == 115
    assert after.positions["BTCUSDT"].isolated_margin == 92
    assert fills_in(events)[0].realized_pnl == 0


@pytest.mark.parametrize("quantity", ["1", "-1"])
@pytest.mark.parametrize("open_price", ["30", "170", "100"])
def test_a_liquidation_costs_the_isolated_margin_and_nothing_more(
    quantity: str, open_price: str
) -> None:
    state = book(position(quantity), fees=FEES)
    low, high = min(open_price, "30", key=Decimal), max(open_price, "170", key=Decimal)
    after, events = matched(state, f"{open_price} {high} {low} {open_price}")
    fill = fills_in(events)[0]
    assert fill.client_order_id.startswith("autoclose-")
    assert fill.cause == "liquidation"
    assert after.wallet == state.wallet - 20
    assert fill.realized_pnl - fill.fee == -20
    assert fill.fee >= 0
    assert after.positions == {}
