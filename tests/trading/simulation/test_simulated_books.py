"""The simulated order book: around the quote, the same for everybody, blind for the future."""

from datetime import timedelta
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.simulation import books
from trading.simulation.books import LEVELS, book_at
from trading.simulation.instruments import ASSETS
from trading.simulation.quotes import quote_at
from trading.strategies.recent_candles import book_measures
from trading.timeframes import EPOCH

INSTANTS = st.timedeltas(timedelta(days=45 * 365), timedelta(days=90 * 365)).map(EPOCH.__add__)
SYMBOLS = st.sampled_from(sorted(ASSETS))
SEEDS = st.integers(0, 1_000)
START = EPOCH + timedelta(days=55 * 365)


@settings(max_examples=15, deadline=None)
@given(SEEDS, SYMBOLS, INSTANTS)
def test_the_best_prices_are_those_of_the_quote(seed, symbol, at):
    book, quote = book_at(seed, ASSETS[symbol], at), quote_at(seed, ASSETS[symbol], at)
    assert (book.bids[0].price, book.asks[0].price) == (quote.bid, quote.ask)
    assert (book.symbol, book.at) == (symbol, at)


@settings(max_examples=15, deadline=None)
@given(SEEDS, SYMBOLS, INSTANTS)
def test_levels_go_away_from_the_price_in_whole_ticks_and_steps(seed, symbol, at):
    instrument = ASSETS[symbol].instrument
    book = book_at(seed, ASSETS[symbol], at)
    assert 1 <= len(book.bids) <= LEVELS
    assert len(book.asks) == LEVELS
    assert all(better.price > worse.price for better, worse in pairwise(book.bids))
    assert all(better.price < worse.price for better, worse in pairwise(book.asks))
    for level in (*book.bids, *book.asks):
        assert level.price > 0
        assert level.price % instrument.tick_size == 0
        assert level.quantity >= instrument.step_size
        assert level.quantity % instrument.step_size == 0


@settings(max_examples=10, deadline=None)
@given(SEEDS, SYMBOLS, INSTANTS)
def test_it_is_a_function_of_seed_instrument_and_time(seed, symbol, at):
    asset = ASSETS[symbol]
    once = book_at(seed, asset, at)
    book_at(seed + 1, asset, at + timedelta(hours=1))
    assert book_at(seed, asset, at) == once
    assert book_at(seed + 1, asset, at) != once


def test_it_uses_no_price_of_later_minutes(monkeypatch):
    asked = []

    def spy(seed, asset, first, count):
        asked.append(first + count - 1)
        return original(seed, asset, first, count)

    original = books.log_path
    monkeypatch.setattr(books, "log_path", spy)
    at = START + timedelta(minutes=3, seconds=20)
    book_at(7, ASSETS["BTCUSDT"], at)
    assert asked == [(at - EPOCH) // timedelta(minutes=1)]


def test_both_sides_are_heavier_about_as_often_and_sometimes_clearly():
    found = np.array(
        [
            book_measures(book_at(7, ASSETS["SOLUSDT"], START + timedelta(minutes=37 * n)))[0]
            for n in range(250)
        ]
    )
    assert abs(found.mean()) < 0.05
    assert 0.4 < (found > 0).mean() < 0.6
    assert 0.1 < (np.abs(found) > 0.25).mean() < 0.6
    assert np.abs(found).max() < 0.95


def test_the_heavier_side_leans_with_the_move_before_and_says_little_of_the_move_after():
    asset, minutes = ASSETS["SOLUSDT"], [START + timedelta(minutes=11 * n) for n in range(250)]
    lean = [book_measures(book_at(7, asset, at))[0] for at in minutes]

    def moves(offset: int) -> list[float]:
        return [
            float(
                quote_at(7, asset, at + timedelta(minutes=offset + 5)).last
                / quote_at(7, asset, at + timedelta(minutes=offset)).last
                - 1
            )
            for at in minutes
        ]

    assert np.corrcoef(lean, moves(-5))[0, 1] > 0.3
    assert abs(np.corrcoef(lean, moves(0))[0, 1]) < 0.2
