"""The bench of indicators compares equal work."""

import pytest

from bench import indicators
from trading.timeframes import Timeframe


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(indicators, "INSTRUMENTS", 2)
    monkeypatch.setattr(indicators, "TIMEFRAMES", (Timeframe.M5,))
    monkeypatch.setattr(indicators, "CANDLES", 300)
    return indicators.build_windows()


def test_both_sides_compute_the_same_series(windows):
    assert indicators.require_equal(windows) == 2 * len(indicators.our_series(windows[0]))
    read = indicators.ours(windows)
    assert all(len(values) == indicators.KEPT for values in read[0].values())


def test_a_series_that_differs_gives_no_number(windows, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(indicators.trend, "sma", lambda values, period: values)
    with pytest.raises(AssertionError, match="sma_20"):
        indicators.require_equal(windows)
