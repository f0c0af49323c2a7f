"""What holds for every strategy on every market: no look-ahead, no NaN, levels on their sides."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trading.strategies.conftest import TICK, make_candles, make_view
from trading.candles import Candle
from trading.positions import Direction
from trading.signals import Signal
from trading.strategies.catalogue import STRATEGIES

MARKETS = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32 - 1),
        "start": st.sampled_from([0.5, 20.0, 1_000.0, 60_000.0]),
        "step": st.sampled_from([0.0, 1e-5, 0.001, 0.02]),
        "drift": st.sampled_from([-0.002, 0.0, 0.0, 0.002]),
        "volume": st.sampled_from([0.0, 10.0]),
    }
)


def market_of(name: str, count: int, shape: dict) -> tuple[Candle, ...]:
    """`count` candles of the strategy's timeframe: a random walk with drift, also degenerate."""
    (timeframe,) = STRATEGIES[name].timeframes
    moves = np.random.default_rng(shape["seed"]).normal(shape["drift"], shape["step"], count)
    closes = (shape["start"] * np.exp(np.cumsum(moves))).tolist()
    reach = shape["start"] * shape["step"]
    return make_candles(closes, timeframe, reach=reach, volume=shape["volume"])


def answer(name: str, candles: tuple[Candle, ...], held: Direction) -> Signal:
    strategy = STRATEGIES[name]
    (timeframe,) = strategy.timeframes
    return strategy.signal(make_view(candles, timeframe), strategy.parameters(), held)


@pytest.mark.parametrize("name", STRATEGIES)
@settings(max_examples=25, deadline=None)
@given(shape=MARKETS, other=MARKETS, held=st.sampled_from(Direction), after=st.integers(1, 40))
def test_the_answer_at_an_instant_depends_on_nothing_before_the_fetch_or_after_it(
    name, shape, other, held, after
):
    (fetch,) = STRATEGIES[name].timeframes.values()
    past = market_of(name, fetch + 60, shape)
    now = answer(name, past[-fetch:], held)
    assert answer(name, past, held) == now, "a longer history changed the answer"

    # the same instant inside a longer run, whose future is another market
    future = market_of(name, len(past) + after, other)[len(past) :]
    whole = (*past, *future)
    assert answer(name, whole[: len(past)], held) == now


@pytest.mark.parametrize("name", STRATEGIES)
@settings(max_examples=120, deadline=None)
@given(shape=MARKETS, held=st.sampled_from(Direction), count=st.integers(0, 420))
def test_no_market_brings_nan_or_a_level_on_the_wrong_side(name, shape, held, count):
    candles = market_of(name, count, shape)
    signal = answer(name, candles, held)
    assert math.isfinite(signal.confidence)
    assert "nan" not in signal.reason.lower()
    assert "inf" not in signal.reason.lower().split()
    if signal.hold or signal.direction is Direction.FLAT:
        assert signal.stop_price is None
        assert signal.take_profit_price is None
        return
    if not STRATEGIES[name].takes_stop:
        return
    price = candles[-1].close
    assert signal.stop_price is not None
    assert signal.take_profit_price is not None
    for level in (signal.stop_price, signal.take_profit_price):
        assert level > 0
        assert level % TICK == Decimal(0)
    assert (price - signal.stop_price) * signal.direction.sign > 0
    assert (signal.take_profit_price - price) * signal.direction.sign > 0
