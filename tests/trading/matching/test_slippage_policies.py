"""What a taker gives up under each policy: against the trader, on the tick, by hand."""

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
    limit,
    market,
    minute,
    position,
    quote,
    stop,
)
from trading.errors import InvalidRecord
from trading.market import BookLevel, OrderBook
from trading.matching.candle_walk import match_candle
from trading.matching.slippage import taker_fill
from trading.matching.submission import submit
from trading.orders import Side
from trading.paper_terms import PaperExecution, PaperFees, SlippagePolicy

RATIO = PaperFees(maker=Decimal(0), taker=Decimal(0), slippage=Decimal("0.01"))
FIXED, SPREAD, DEPTH = SlippagePolicy


def level(price: str, quantity: str) -> BookLevel:
    return BookLevel(Decimal(price), Decimal(quantity))


BOOK = OrderBook(
    symbol="BTCUSDT",
    at=T0,
    bids=(level("99.9", "2"), level("99.5", "3")),
    asks=(level("100.1", "2"), level("100.5", "3")),
)


def price(
    policy: SlippagePolicy, side: Side, quantity: str, *, known: OrderBook | None = BOOK
) -> Decimal:
    state = book(fees=RATIO, execution=PaperExecution(slippage=policy), wallet="1000000")
    _, events = submit(
        state, market(side, quantity), instrument=BTC, quote=quote(), at=T0, book=known
    )
    return fills_in(events)[0].price


@pytest.mark.parametrize(
    ("policy", "side", "quantity", "expected"),
    [
        (FIXED, BUY, "1", "101"),
        (FIXED, SELL, "1", "99"),
        (SPREAD, BUY, "1", "100.1"),
        (SPREAD, SELL, "1", "99.9"),
        (DEPTH, BUY, "2", "100.1"),
        (DEPTH, BUY, "4", "100.3"),  # 2 at 100.1, 2 at 100.5
        (DEPTH, BUY, "5", "100.4"),  # 100.34, up
        (DEPTH, BUY, "10", "101"),  # 5 beyond the book at 101.505: 100.9225, up
        (DEPTH, SELL, "4", "99.7"),
        (DEPTH, SELL, "10", "99"),  # 5 at 98.505: 99.0825, down
    ],
)
def test_the_price_of_a_market_order(
    policy: SlippagePolicy, side: Side, quantity: str, expected: str
) -> None:
    assert price(policy, side, quantity) == Decimal(expected)


@pytest.mark.parametrize(
    "known", [None, replace(BOOK, asks=()), replace(BOOK, asks=(level("1", "0"),))]
)
def test_without_a_book_depth_is_fixed(known: OrderBook | None) -> None:
    assert price(DEPTH, BUY, "1", known=known) == price(FIXED, BUY, "1") == 101


def test_no_policy_is_better_than_the_last_price() -> None:
    cheap = replace(BOOK, asks=(level("98", "9"),), bids=(level("102", "9"),))
    assert price(DEPTH, BUY, "1", known=cheap) == 100
    assert price(DEPTH, SELL, "1", known=cheap) == 100
    crossed = replace(quote(), ask=Decimal(98), bid=Decimal(102))
    state = book(execution=PaperExecution(slippage=SPREAD))
    for side in Side:
        _, events = submit(state, market(side, "1"), instrument=BTC, quote=crossed, at=T0)
        assert fills_in(events)[0].price == 100


def test_a_limit_walks_the_book_no_further_than_its_price() -> None:
    state = book(fees=RATIO, execution=PaperExecution(slippage=DEPTH))
    after, events = submit(
        state, limit(BUY, "4", "100.1"), instrument=BTC, quote=quote(), at=T0, book=BOOK
    )
    (fill,) = fills_in(events)
    assert (fill.quantity, fill.price) == (2, Decimal("100.1"))
    assert after.orders["1"].remaining == 2


def test_what_is_less_than_a_step_is_not_taken_and_the_order_waits() -> None:
    thin = replace(BOOK, asks=(level("100.1", "0.0005"),))
    state = book(execution=PaperExecution(slippage=DEPTH))
    after, events = submit(
        state, limit(BUY, "4", "100.1"), instrument=BTC, quote=quote(), at=T0, book=thin
    )
    assert fills_in(events) == []
    assert after.orders["1"].remaining == 4


def test_a_book_that_begins_beyond_the_limit_fills_nothing() -> None:
    dear = replace(BOOK, asks=(level("100.2", "5"),))
    state = book(execution=PaperExecution(slippage=DEPTH))
    after, events = submit(
        state, limit(BUY, "1", "100.1"), instrument=BTC, quote=quote(), at=T0, book=dear
    )
    assert (fills_in(events), list(after.orders)) == ([], ["1"])


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        ("1", "88.2"),  # one volume: 2 %
        ("4", "88.8"),  # a quarter: 1.25 %, 88.875 down
        ("0.05", "80.1"),  # more than ten volumes count as ten: 11 %
        ("0", "80.1"),
    ],
)
def test_inside_a_candle_depth_worsens_with_the_share_of_the_volume(
    volume: str, expected: str
) -> None:
    state = book(
        position("1", leverage=2), orders=[stop(SELL, "1", "90")], fees=RATIO,
        execution=PaperExecution(slippage=DEPTH),
    )  # fmt: skip
    one = replace(candle("100 101 89 90"), volume=Decimal(volume))
    _, events = match_candle(state, BTC, one, closes_at=minute(2))
    assert fills_in(events)[0].price == Decimal(expected)


@given(
    side=st.sampled_from(Side),
    quantity=st.integers(1, 20_000).map(lambda lots: Decimal(lots) / 1000),
    policy=st.sampled_from(SlippagePolicy),
    limit_at=st.none() | st.integers(950, 1050).map(lambda tenths: Decimal(tenths) / 10),
)
def test_a_taker_never_gains_and_never_passes_its_limit(
    side: Side, quantity: Decimal, policy: SlippagePolicy, limit_at: Decimal | None
) -> None:
    got = taker_fill(
        book(fees=RATIO, execution=PaperExecution(slippage=policy)),
        side, quantity, quote=quote(), book=BOOK, instrument=BTC, limit=limit_at,
    )  # fmt: skip
    assert 0 <= got.quantity <= quantity
    assert got.quantity % BTC.step_size == 0
    if limit_at is None:
        assert got.quantity == quantity
        assert (got.price - 100) * side.sign >= 0
    else:
        assert (limit_at - got.price) * side.sign >= 0


@pytest.mark.parametrize("share", ["0", "-0.1", "1.01"])
def test_a_volume_share_is_a_share(share: str) -> None:
    with pytest.raises(InvalidRecord, match="volume share"):
        PaperExecution(volume_share=Decimal(share))
