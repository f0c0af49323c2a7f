"""Builders for indicator tests: candles from plain numbers and a view of them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from tests.builders import build_quote, build_view
from trading.candles import Candle, CandleWindow
from trading.market import MarketView
from trading.timeframes import Timeframe

START = datetime(2025, 1, 1, tzinfo=UTC)
AT = datetime(2025, 1, 19, 10, 30, tzinfo=UTC)


def make_window(
    timeframe: Timeframe, closes: Sequence[float], *, reach: float = 1.0, volume: float = 10.0
) -> CandleWindow:
    """Candles that open at the close before, with wicks of `reach` on both sides."""
    candles: list[Candle] = []
    for index, close in enumerate(closes):
        opened = closes[index - 1] if index else close
        candles.append(
            Candle(
                open_time=START + index * timeframe.length,
                open=Decimal(str(opened)),
                high=Decimal(str(max(opened, close) + reach)),
                low=Decimal(str(min(opened, close) - reach)),
                close=Decimal(str(close)),
                volume=Decimal(str(volume + index % 3 if volume else 0)),
            )
        )
    return CandleWindow("BTCUSDT", timeframe, tuple(candles))


@pytest.fixture
def window() -> Callable[..., CandleWindow]:
    """`window(timeframe, closes, reach=, volume=)`."""
    return make_window


@pytest.fixture
def view() -> Callable[..., MarketView]:
    """`view(window, ..., funding_rate=, open_interest=)`."""

    def build(*windows: CandleWindow, **quote: Decimal) -> MarketView:
        return build_view(build_quote("100", AT, **quote), *windows)

    return build


@pytest.fixture
def walk() -> Callable[..., list[float]]:
    """`walk(count)`: closes of a seeded random walk around 60000."""

    def build(count: int, seed: int = 1) -> list[float]:
        steps = np.random.default_rng(seed).normal(0, 50, count)
        return [round(60_000 + float(each), 1) for each in np.cumsum(steps)]

    return build
