"""Builders for indicator tests: candles from plain numbers and a view of them."""

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
AT = datetime(2025, 1, 19, 10, 30, tzinfo=UTC)

INSTRUMENT = Instrument(
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    tick_size=Decimal("0.1"),
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
        price = Decimal(100)
        return MarketView(
            instrument=INSTRUMENT,
            quote=Quote(
                symbol="BTCUSDT", at=AT, last=price, mark=price, bid=price, ask=price, **quote
            ),
            windows={each.timeframe: each for each in windows},
        )

    return build


@pytest.fixture
def walk() -> Callable[..., list[float]]:
    """`walk(count)`: closes of a seeded random walk around 60000."""

    def build(count: int, seed: int = 1) -> list[float]:
        steps = np.random.default_rng(seed).normal(0, 50, count)
        return [round(60_000 + float(each), 1) for each in np.cumsum(steps)]

    return build
