"""Builders for strategy tests: candles from closes, a market that walks, and a view of it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from tests.builders import BTC, build_quote, build_view
from trading.candles import Candle, CandleWindow
from trading.market import MarketView
from trading.timeframes import Timeframe

START = datetime(2025, 1, 1, tzinfo=UTC)
TICK = BTC.tick_size


def make_candles(
    closes: Sequence[float], timeframe: Timeframe, *, reach: float = 0.5, volume: float = 10.0
) -> tuple[Candle, ...]:
    """Candles that open at the close before; wicks of `reach`; closes rounded to the tick."""
    rounded = [max(TICK, Decimal(repr(float(each))).quantize(TICK)) for each in closes]
    wick = Decimal(repr(reach)).quantize(TICK)
    return tuple(
        Candle(
            open_time=START + index * timeframe.length,
            open=(opened := rounded[max(index - 1, 0)]),
            high=max(opened, close) + wick,
            low=max(min(opened, close) - wick, min(opened, close, TICK)),
            close=close,
            volume=Decimal(repr(volume * (1 + index % 5))),
        )
        for index, close in enumerate(rounded)
    )


def make_view(candles: Sequence[Candle], timeframe: Timeframe) -> MarketView:
    """What is known when the last candle closes; the quote stands at its close."""
    window = CandleWindow("BTCUSDT", timeframe, tuple(candles))
    price = candles[-1].close if candles else Decimal(100)
    return build_view(build_quote(price, window.closed_at if candles else START), window)


@pytest.fixture
def candles() -> Callable[..., tuple[Candle, ...]]:
    """`candles(closes, timeframe, reach=, volume=)`."""
    return make_candles


@pytest.fixture
def view() -> Callable[..., MarketView]:
    """`view(candles, timeframe)`."""
    return make_view


@pytest.fixture
def walk() -> Callable[..., list[float]]:
    """`walk(count, seed, start=, step=)`: closes of a seeded geometric random walk."""

    def build(
        count: int, seed: int, *, start: float = 60_000.0, step: float = 0.001
    ) -> list[float]:
        moves = np.random.default_rng(seed).normal(0.0, step, count)
        return (start * np.exp(np.cumsum(moves))).tolist()

    return build
