"""Builders for strategy tests: candles from closes, a market that walks, and a view of it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from trading.candles import Candle, CandleWindow
from trading.instruments import Instrument, MaintenanceBracket
from trading.market import MarketView, Quote
from trading.timeframes import Timeframe

START = datetime(2025, 1, 1, tzinfo=UTC)
TICK = Decimal("0.1")

INSTRUMENT = Instrument(
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    tick_size=TICK,
    step_size=Decimal("0.001"),
    min_quantity=Decimal("0.001"),
    max_quantity=Decimal(1000),
    max_market_quantity=Decimal(500),
    min_notional=Decimal(5),
    brackets=(
        MaintenanceBracket(
            notional_floor=Decimal(0),
            max_leverage=50,
            maintenance_ratio=Decimal("0.005"),
            cumulative=Decimal(0),
        ),
    ),
)


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
    return MarketView(
        instrument=INSTRUMENT,
        quote=Quote(
            symbol="BTCUSDT",
            at=window.closed_at if candles else START,
            last=price,
            mark=price,
            bid=price,
            ask=price,
        ),
        windows={timeframe: window},
    )


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
