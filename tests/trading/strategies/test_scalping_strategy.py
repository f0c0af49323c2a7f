"""Scalping goes with the heavier side of a book that it can see, and with nothing else."""

from dataclasses import replace
from decimal import Decimal

import pytest

from trading.market import BookLevel, OrderBook
from trading.positions import Direction
from trading.strategies.scalping import ScalpingParameters, signal, warm_up
from trading.timeframes import Timeframe

DEFAULTS = ScalpingParameters()
RISE = [1000.0 + 0.5 * index for index in range(60)]
FALL = [1000.0 - 0.5 * index for index in range(60)]


@pytest.fixture
def opinion(candles, view):
    def ask(closes, bids, asks, held=Direction.FLAT, parameters=DEFAULTS, spread="0.2"):
        market = view(candles(closes, Timeframe.M1), Timeframe.M1)
        half, last = Decimal(spread) / 2, market.quote.last
        book = OrderBook(
            symbol=market.symbol,
            at=market.quote.at,
            bids=(BookLevel(last - half, Decimal(bids)),),
            asks=(BookLevel(last + half, Decimal(asks)),),
        )
        return signal(replace(market, book=book), parameters, held)

    return ask


@pytest.mark.parametrize(
    ("closes", "bids", "asks", "direction"),
    [(RISE, 30, 10, Direction.LONG), (FALL, 10, 30, Direction.SHORT)],
)
def test_it_joins_the_heavier_side_of_a_book_that_the_price_follows(
    opinion, closes, bids, asks, direction
):
    answer = opinion(closes, bids, asks)
    assert answer.direction is direction
    assert answer.confidence > 0.55


def test_a_book_against_the_price_is_no_entry(opinion):
    assert opinion(RISE, 10, 30).hold
    assert opinion(FALL, 30, 10).hold


def test_the_imbalance_counts_from_its_threshold_on(opinion):
    assert opinion(RISE, 1249, 751).hold  # 0.249
    assert opinion(RISE, 125, 75).direction is Direction.LONG  # 0.25


def test_a_wide_spread_is_not_crossed(opinion):
    assert opinion(RISE, 30, 10, spread="0.5").direction is Direction.LONG
    assert opinion(RISE, 30, 10, spread="0.6").hold  # 0.6 of 1029.5 is 5.8 basis points


def test_a_book_that_leans_against_the_position_ends_it(opinion):
    left = opinion(RISE, 40, 60, held=Direction.LONG)
    assert not left.hold
    assert left.direction is Direction.FLAT
    assert opinion(RISE, 45, 55, held=Direction.LONG).hold
    assert opinion(FALL, 60, 40, held=Direction.SHORT).direction is Direction.FLAT


def test_the_stop_is_never_inside_the_costs(opinion):
    # ATR is 1.5, four of it are 6; 0.002 of 1029.5 would be 2.06
    assert float(opinion(RISE, 30, 10).stop_price) == pytest.approx(1029.5 - 6.0, abs=0.05)
    narrow = ScalpingParameters(stop_atr=0.5)
    answer = opinion(RISE, 30, 10, parameters=narrow)
    assert float(answer.stop_price) == pytest.approx(1029.5 - 2.059, abs=0.05)
    assert float(answer.take_profit_price) == pytest.approx(1029.5 + 1.75 * 2.059, abs=0.05)


@pytest.mark.parametrize("held", Direction)
def test_without_a_book_it_holds_and_says_so(candles, view, held):
    market = view(candles(RISE, Timeframe.M1), Timeframe.M1)
    answer = signal(market, DEFAULTS, held)
    assert answer.hold
    assert "no order book" in answer.reason


def test_a_book_with_an_empty_side_or_older_than_the_candle_is_no_book(candles, view):
    market = view(candles(RISE, Timeframe.M1), Timeframe.M1)
    level = BookLevel(market.quote.last, Decimal(10))
    book = OrderBook(symbol="BTCUSDT", at=market.quote.at, bids=(level,), asks=())
    assert "no order book" in signal(replace(market, book=book), DEFAULTS, Direction.FLAT).reason
    stale = replace(book, asks=(level,), at=market.quote.at - Timeframe.M1.length)
    assert "no order book" in signal(replace(market, book=stale), DEFAULTS, Direction.FLAT).reason


def test_one_candle_less_than_the_warm_up_is_no_opinion(opinion):
    needed = warm_up(DEFAULTS)
    assert opinion(RISE[: needed - 1], 30, 10).reason.startswith(f"{needed - 1} of {needed} closed")
    assert opinion(RISE[:needed], 30, 10).direction is Direction.LONG
