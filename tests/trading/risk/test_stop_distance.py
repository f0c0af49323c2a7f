"""ATR for default stops and volatility: hourly candles, or the finest coarser ones."""

from decimal import Decimal

import pytest

from tests.builders import build_quote, build_view
from tests.trading.risk.denial_examples import NOON
from trading.candles import Candle, CandleWindow
from trading.risk.stop_distance import STOP_ATR_LENGTH, stop_atr
from trading.timeframes import Timeframe


def window(timeframe: Timeframe, count: int, *, spread: int) -> CandleWindow:
    """Candles around 100 that are `spread` high, so their ATR is `spread`."""
    half = Decimal(spread) / 2
    return CandleWindow(
        "BTCUSDT",
        timeframe,
        tuple(
            Candle(
                open_time=NOON - (count - number) * timeframe.length,
                open=Decimal(100),
                high=100 + half,
                low=100 - half,
                close=Decimal(100),
                volume=Decimal(1),
            )
            for number in range(count)
        ),
    )


def atr_of(*windows: CandleWindow) -> float | None:
    return stop_atr(build_view(build_quote("100", NOON), *windows))


def test_hourly_candles_are_taken_and_finer_ones_are_not():
    long_enough = STOP_ATR_LENGTH + 1
    measured = atr_of(
        window(Timeframe.M5, 100, spread=1),
        window(Timeframe.H4, long_enough, spread=8),
        window(Timeframe.H1, long_enough, spread=2),
    )
    assert measured == pytest.approx(2.0)


def test_coarser_candles_stand_in_where_hourly_ones_are_missing_or_too_few():
    coarse = window(Timeframe.H4, STOP_ATR_LENGTH + 1, spread=8)
    assert atr_of(coarse) == pytest.approx(8.0)
    assert atr_of(window(Timeframe.H1, STOP_ATR_LENGTH, spread=2), coarse) == pytest.approx(8.0)


def test_without_enough_candles_it_is_unknown():
    assert atr_of() is None
    assert atr_of(window(Timeframe.H1, 0, spread=2), window(Timeframe.H4, 5, spread=2)) is None
    assert atr_of(window(Timeframe.M5, 200, spread=2)) is None
