"""A series says exactly what a window over the same candles would say, its refusals included."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.candle_series import CandleSeries, build_series
from trading.candles import Candle, CandleWindow
from trading.errors import BadMarketData
from trading.timeframes import Timeframe

START = datetime(2026, 11, 20, tzinfo=UTC)
M5 = Timeframe.M5


def candle(number: int, *, crossed: bool = False) -> Candle:
    price = Decimal(100 + number % 7)
    return Candle(
        open_time=START + number * M5.length,
        open=price,
        high=price + (Decimal(-1) if crossed else Decimal(2)),
        low=price - 2,
        close=price + 1,
        volume=Decimal(number),
    )


@st.composite
def runs(draw: st.DrawFn) -> list[Candle]:
    """Up to 40 candles in order, some missing, a few crossed."""
    numbers = draw(st.lists(st.integers(0, 60), unique=True, max_size=40).map(sorted))
    crossed = draw(st.sets(st.sampled_from(numbers), max_size=1)) if numbers else set()
    dense = draw(st.booleans())
    chosen = range(len(numbers)) if dense else numbers
    return [candle(number, crossed=number in crossed) for number in chosen]


def said(build) -> object:
    """The candles and arrays of a window, or the words of its refusal."""
    try:
        window: CandleWindow = build()
    except BadMarketData as refusal:
        return refusal.reason
    columns = (window.opens, window.highs, window.lows, window.closes, window.volumes)
    return (window.candles, *(column.tobytes() for column in columns))


def expected(candles: list[Candle], until: int, count: int) -> object:
    closed = [c for c in candles if c.open_time + M5.length <= START + until * M5.length]
    return said(lambda: CandleWindow("BTCUSDT", M5, tuple(closed[max(0, len(closed) - count) :])))


@given(candles=runs(), until=st.integers(-1, 62), count=st.integers(0, 45))
def test_a_window_of_a_series_equals_one_built_from_the_candles(candles, until, count):
    series = build_series("BTCUSDT", M5, candles)
    found = said(lambda: series.window(START + until * M5.length, count))
    assert found == expected(candles, until, count)


@given(candles=runs(), cut=st.integers(0, 40), until=st.integers(0, 62), count=st.integers(0, 45))
def test_a_series_that_grew_equals_one_that_was_read_at_once(candles, cut, until, count):
    grown = build_series("BTCUSDT", M5, candles[:cut]).extended(candles[cut:], keep=100)
    at_once = build_series("BTCUSDT", M5, candles)
    assert (grown.candles, grown.sound) == (at_once.candles, at_once.sound)
    at = START + until * M5.length
    assert said(lambda: grown.window(at, count)) == said(lambda: at_once.window(at, count))


@given(candles=runs(), cut=st.integers(0, 40), keep=st.integers(1, 45))
def test_a_series_keeps_no_more_than_it_is_told_to(candles, cut, keep):
    grown = build_series("BTCUSDT", M5, candles[:cut]).extended(candles[cut:], keep=keep)
    if candles[cut:]:
        assert grown.candles == tuple(candles[-keep:])
    assert grown.sound <= len(grown.candles)
    assert all(column.size == grown.sound for column in grown.columns)
    assert grown.sound_candles == build_series("BTCUSDT", M5, grown.candles).sound_candles


def test_nobody_can_change_the_arrays_that_windows_share():
    window = whole().window(START + 10 * M5.length, 5)
    with pytest.raises(ValueError, match="read-only"):
        window.closes[0] = 0.0


def test_windows_of_one_series_share_its_memory():
    series = whole()
    at = START + 10 * M5.length
    assert np.shares_memory(series.window(at, 5).closes, series.window(at, 8).closes)


def whole() -> CandleSeries:
    return build_series("BTCUSDT", M5, [candle(number) for number in range(10)])
