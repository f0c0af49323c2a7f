"""Correlation of 4h returns, and which positions are one bet because of it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import BTC, build_quote
from tests.trading.risk.denial_examples import NOON, Hold
from trading.candles import Candle, CandleWindow
from trading.market import MarketView
from trading.risk.correlation import (
    FEWEST_RETURNS,
    MOST_RETURNS,
    Correlations,
    compute_correlations,
    one_bet,
)
from trading.risk.positions import MarkedPosition
from trading.timeframes import Timeframe

PAIR = frozenset(("BTCUSDT", "ETHUSDT"))
NOISE = np.random.default_rng(7).normal(0.0, 0.01, (2, 200))


def view(symbol: str, returns: np.ndarray, *, shift: int = 0) -> MarketView:
    """A view of 4h candles with these log returns, the last one closing `shift` candles early."""
    closes = 100 * np.exp(np.concatenate([[0.0], np.cumsum(returns)]))
    prices = [Decimal(repr(round(float(close), 6))) for close in closes]
    end = NOON - shift * Timeframe.H4.length
    candles = tuple(
        Candle(
            open_time=end - (len(prices) - number) * Timeframe.H4.length,
            open=price,
            high=price,
            low=price,
            close=price,
            volume=Decimal(1),
        )
        for number, price in enumerate(prices)
    )
    window = CandleWindow(symbol, Timeframe.H4, candles)
    return MarketView(
        instrument=replace(BTC, symbol=symbol),
        quote=build_quote("100", NOON, symbol=symbol),
        windows={Timeframe.H4: window},
    )


def measured(first: np.ndarray, second: np.ndarray, **more: int) -> float | None:
    views = (view("BTCUSDT", first), view("ETHUSDT", second, **more))
    return compute_correlations(views).of("BTCUSDT", "ETHUSDT")


def test_it_is_pearsons_correlation_of_the_last_ninety_log_returns():
    one, other = NOISE
    assert measured(one, other) == pytest.approx(
        np.corrcoef(one[-MOST_RETURNS:], other[-MOST_RETURNS:])[0, 1], abs=1e-4
    )
    assert measured(one, one) == pytest.approx(1.0, abs=1e-9)
    assert measured(one, -one) == pytest.approx(-1.0, abs=1e-3)


def test_older_candles_than_those_do_not_count():
    one, other = NOISE
    changed = np.concatenate([np.full(100, 0.05), other[100:]])
    assert measured(one, changed) == pytest.approx(measured(one, other), abs=1e-4)


def test_too_few_returns_and_windows_that_end_apart_are_not_measured():
    one, other = NOISE[:, :FEWEST_RETURNS]
    assert measured(one, other) is not None
    assert measured(one[1:], other) is None
    assert measured(one, other, shift=1) is None


def test_a_price_that_never_moves_and_a_missing_window_are_not_measured():
    one, _ = NOISE
    assert measured(one, np.zeros(200)) is None
    bare = MarketView(instrument=BTC, quote=build_quote("100", NOON))
    assert compute_correlations((bare, view("ETHUSDT", one))).by_pair == {}


def test_a_symbol_is_fully_correlated_with_itself_and_a_broken_value_is_unknown():
    assert Correlations().of("BTCUSDT", "BTCUSDT") == 1.0
    assert Correlations().of("BTCUSDT", "ETHUSDT") is None
    assert Correlations(by_pair={PAIR: float("nan")}).of("ETHUSDT", "BTCUSDT") is None


def bet(hold: Hold, value: float | None, *, quantity: str, sign: int = 1) -> tuple:
    known = {} if value is None else {PAIR: value}
    held = hold(quantity, symbol="ETHUSDT")
    return one_bet("BTCUSDT", sign, (held,), Correlations(by_pair=known), 0.8)


@pytest.mark.parametrize(
    ("value", "quantity", "sign", "is_one"),
    [
        (0.8, "1", 1, True),
        (0.79, "1", 1, False),
        (0.9, "-1", -1, True),
        (0.9, "-1", 1, False),  # long and short of the same thing: a hedge
        (-0.9, "-1", 1, True),  # long of one and short of its opposite: the same bet
        (-0.9, "1", 1, False),
        (None, "1", 1, True),
        (None, "-1", 1, True),
    ],
)
def test_two_positions_are_one_bet_when_they_move_together(
    hold: Hold, value: float | None, quantity: str, sign: int, is_one: bool
):
    assert bool(bet(hold, value, quantity=quantity, sign=sign)) is is_one


def test_what_is_one_bet_with_one_of_them_belongs_to_all(hold: Hold):
    chain = Correlations(
        by_pair={
            frozenset(("A", "B")): 0.9,
            frozenset(("B", "C")): 0.9,
            frozenset(("A", "C")): 0.5,
            frozenset(("A", "D")): 0.1,
            frozenset(("B", "D")): 0.1,
            frozenset(("C", "D")): 0.1,
        }
    )
    positions = tuple(hold("1", symbol=symbol) for symbol in "BCD")
    found = one_bet("A", 1, positions, chain, 0.8)
    assert [item.position.symbol for item in found] == ["B", "C"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.floats(-1, 1), min_size=10, max_size=10),
    st.lists(st.booleans(), min_size=5, max_size=5),
)
def test_the_bet_is_the_same_from_whichever_of_its_positions_it_is_asked(
    hold: Hold, values: list[float], longs: list[bool]
):
    symbols = "ABCDE"
    pairs = [frozenset((one, other)) for one in symbols for other in symbols if one < other]
    known = Correlations(by_pair=dict(zip(pairs, values, strict=True)))
    book = [
        hold("1" if is_long else "-1", symbol=symbol)
        for symbol, is_long in zip(symbols, longs, strict=True)
    ]
    whole = {symbol: _members(symbol, book, known) for symbol in symbols}
    for symbol, members in whole.items():
        assert all(whole[other] == members for other in members), symbol


def _members(symbol: str, book: list[MarkedPosition], known: Correlations) -> frozenset[str]:
    (own,) = (item for item in book if item.position.symbol == symbol)
    others = [item for item in book if item is not own]
    found = one_bet(symbol, own.position.direction.sign, others, known, 0.3)
    return frozenset((symbol, *(item.position.symbol for item in found)))


def test_the_timeframe_is_long_enough_to_span_two_weeks():
    assert MOST_RETURNS * Timeframe.H4.length == timedelta(days=15)
