"""What stands beside a candle is what was known at its close."""

from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from tests.builders import build_quote
from tests.trading.strategies.conftest import START, make_candles, make_view
from trading.market import BookLevel, FundingRate, OrderBook
from trading.strategies.recent_candles import RecentCandles, book_measures, recent_candles
from trading.timeframes import EPOCH, Timeframe

HOUR = timedelta(hours=1)
CLOSES = [100.0 + index for index in range(12)]


def paid(hours: float, rate: str) -> FundingRate:
    return FundingRate(
        symbol="BTCUSDT", at=START + hours * HOUR, rate=Decimal(rate), mark=Decimal(100)
    )


def book(bids: tuple[int, ...], asks: tuple[int, ...], at=START) -> OrderBook:
    return OrderBook(
        symbol="BTCUSDT",
        at=at,
        bids=tuple(BookLevel(Decimal(99 - n), Decimal(q)) for n, q in enumerate(bids)),
        asks=tuple(BookLevel(Decimal(101 + n), Decimal(q)) for n, q in enumerate(asks)),
    )


@pytest.fixture
def view():
    return make_view(make_candles(CLOSES, Timeframe.H1), Timeframe.H1)


def read(view, at_most=12) -> RecentCandles:
    return recent_candles(view, Timeframe.H1, at_most)


def test_close_instants_are_those_of_the_candles(view):
    seconds = read(view, 3).closed_at
    assert [EPOCH + timedelta(seconds=int(each)) for each in seconds] == [
        START + hours * HOUR for hours in (10, 11, 12)
    ]


def test_a_rate_stands_beside_the_candle_at_whose_close_it_is_paid_and_after(view):
    run = read(replace(view, fundings=(paid(4, "0.0001"), paid(8, "-0.0002"))))
    assert np.isnan(run.funding_rate[:3]).all()  # closes at 1, 2 and 3 h
    assert run.funding_rate[3:].tolist() == [0.0001] * 4 + [-0.0002] * 5


def test_what_was_paid_counts_in_the_one_candle_in_which_it_was_paid(view):
    run = read(replace(view, fundings=(paid(4, "0.0001"), paid(7.5, "0.0003"), paid(8, "-0.0002"))))
    assert np.isnan(run.funding_paid[:3]).all()
    assert run.funding_paid[3:] == pytest.approx([0.0001, 0, 0, 0, 0.0001, 0, 0, 0, 0])


def test_without_fundings_and_book_everything_is_unknown(view):
    run = read(view)
    for name in ("funding_rate", "funding_paid", "funding_estimate", "book_imbalance"):
        assert np.isnan(getattr(run, name)).all()


def test_the_estimate_of_the_quote_stands_beside_the_newest_candle_only(view):
    at = view.quote.at
    quoted = replace(view, quote=build_quote("111", at, funding_rate=Decimal("0.0004")))
    assert read(quoted).funding_estimate[-1] == 0.0004
    assert np.isnan(read(quoted).funding_estimate[:-1]).all()
    old = build_quote("111", at - timedelta(seconds=1), funding_rate=Decimal("0.0004"))
    assert np.isnan(read(replace(view, quote=old)).funding_estimate).all()


def test_the_book_of_now_stands_beside_the_newest_candle_only(view):
    run = read(replace(view, book=book((3,), (1,), view.quote.at)))
    assert run.book_imbalance[-1] == 0.5
    assert run.book_spread[-1] == pytest.approx(0.02)
    assert np.isnan(run.book_imbalance[:-1]).all()


def test_a_book_from_before_the_newest_close_is_unknown(view):
    stale = book((3,), (1,), view.quote.at - timedelta(seconds=1))
    assert np.isnan(read(replace(view, book=stale)).book_imbalance).all()


def test_only_the_nearest_five_levels_count():
    assert book_measures(book((1, 1, 1, 1, 1, 90), (2, 1, 1, 1, 1)))[0] == pytest.approx(-1 / 11)


@pytest.mark.parametrize("empty", [book((), (1,)), book((1,), ()), book((0,), (0,))])
def test_a_book_without_quantity_has_no_imbalance(empty):
    assert np.isnan(book_measures(empty)[0])


def test_until_and_newest_cut_every_column(view):
    run = read(replace(view, fundings=(paid(4, "0.0001"),)))
    assert len(run.until(5)) == 5
    assert len(run.newest(5)) == 5
    assert len(run.newest(50)) == 12
    for each in fields(RecentCandles):
        column = getattr(run, each.name)
        np.testing.assert_array_equal(getattr(run.until(5), each.name), column[:5])
        np.testing.assert_array_equal(getattr(run.newest(5), each.name), column[7:])
    assert len(run.until(0)) == len(run.newest(0)) == 0
