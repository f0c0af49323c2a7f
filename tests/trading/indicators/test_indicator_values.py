"""Every indicator equals TA-Lib's and the textbook, keeps the length and knows its warm-up."""

from collections.abc import Callable

import numpy as np
import pytest
import talib

from trading.candles import CandleWindow, FloatArray
from trading.errors import InvalidRecord
from trading.indicators.oscillators import rsi, rsi_warm_up
from trading.indicators.series import last_value, last_values
from trading.indicators.trend import adx, adx_warm_up, average_warm_up, ema, macd, macd_warm_up, sma
from trading.indicators.volatility import atr, atr_warm_up, bollinger, bollinger_warm_up
from trading.timeframes import Timeframe

Measure = Callable[[CandleWindow], FloatArray]

INDICATORS: dict[str, tuple[Measure, Measure, int]] = {
    "sma": (lambda w: sma(w.closes, 20), lambda w: talib.SMA(w.closes, 20), average_warm_up(20)),
    "ema": (lambda w: ema(w.closes, 20), lambda w: talib.EMA(w.closes, 20), average_warm_up(20)),
    "macd line": (
        lambda w: macd(w.closes).line,
        lambda w: talib.MACD(w.closes, 12, 26, 9)[0],
        macd_warm_up(),
    ),
    "macd signal": (
        lambda w: macd(w.closes).signal,
        lambda w: talib.MACD(w.closes, 12, 26, 9)[1],
        macd_warm_up(),
    ),
    "macd histogram": (
        lambda w: macd(w.closes, fast=5, slow=9, signal=4).histogram,
        lambda w: talib.MACD(w.closes, 5, 9, 4)[2],
        macd_warm_up(9, 4),
    ),
    "rsi": (lambda w: rsi(w.closes, 7), lambda w: talib.RSI(w.closes, 7), rsi_warm_up(7)),
    "atr": (
        lambda w: atr(w.highs, w.lows, w.closes, 14),
        lambda w: talib.ATR(w.highs, w.lows, w.closes, 14),
        atr_warm_up(14),
    ),
    "adx": (
        lambda w: adx(w.highs, w.lows, w.closes, 14),
        lambda w: talib.ADX(w.highs, w.lows, w.closes, 14),
        adx_warm_up(14),
    ),
    "bollinger upper": (
        lambda w: bollinger(w.closes, 20, 2.5).upper,
        lambda w: talib.BBANDS(w.closes, 20, 2.5, 2.5)[0],
        bollinger_warm_up(20),
    ),
    "bollinger middle": (
        lambda w: bollinger(w.closes, 20, 2.5).middle,
        lambda w: talib.BBANDS(w.closes, 20, 2.5, 2.5)[1],
        bollinger_warm_up(20),
    ),
    "bollinger lower": (
        lambda w: bollinger(w.closes, 20, 2.5).lower,
        lambda w: talib.BBANDS(w.closes, 20, 2.5, 2.5)[2],
        bollinger_warm_up(20),
    ),
}


@pytest.mark.parametrize("name", INDICATORS)
def test_it_equals_talib_on_every_candle(name: str, window, walk):
    ours, theirs, _ = INDICATORS[name]
    candles = window(Timeframe.M5, walk(300))
    np.testing.assert_allclose(ours(candles), theirs(candles), rtol=1e-9, atol=1e-8)


@pytest.mark.parametrize("name", INDICATORS)
def test_the_first_value_comes_exactly_at_the_stated_warm_up(name: str, window, walk):
    measure, _, warm_up = INDICATORS[name]
    values = measure(window(Timeframe.M5, walk(warm_up + 5)))
    assert np.isnan(values[: warm_up - 1]).all()
    assert np.isfinite(values[warm_up - 1 :]).all()


@pytest.mark.parametrize("name", INDICATORS)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_candles_give_an_array_of_their_length_without_a_value(
    name: str, count: int, window, walk
):
    values = INDICATORS[name][0](window(Timeframe.M5, walk(count)))
    assert len(values) == count
    assert np.isnan(values).all()


@pytest.mark.parametrize("name", INDICATORS)
def test_a_flat_market_gives_numbers_and_no_division_by_zero(name: str, window):
    values = INDICATORS[name][0](window(Timeframe.M5, [100.0] * 80, reach=0.0))
    expected = {"rsi": 0.0, "atr": 0.0, "adx": 0.0}
    level = 0.0 if name.startswith("macd") else 100.0
    assert values[-1] == pytest.approx(expected.get(name, level), abs=1e-9)


def test_the_exponential_average_starts_at_the_mean_and_follows_its_recurrence(walk):
    closes = np.array(walk(40))
    expected = closes[:10].mean()
    for close in closes[10:]:
        expected += 2 / 11 * (close - expected)
    assert ema(closes, 10)[-1] == pytest.approx(expected, rel=1e-12)


def test_rsi_is_wilders(walk):
    closes = np.array(walk(60))
    moves = np.diff(closes)
    gain, loss = np.clip(moves[:14], 0, None).mean(), np.clip(-moves[:14], 0, None).mean()
    for move in moves[14:]:
        gain, loss = (13 * gain + max(move, 0)) / 14, (13 * loss + max(-move, 0)) / 14
    assert rsi(closes, 14)[-1] == pytest.approx(100 * gain / (gain + loss), rel=1e-12)


def test_bands_are_population_deviations_around_the_mean(walk):
    closes = np.array(walk(50))
    bands = bollinger(closes, 20, 2.0)
    assert bands.upper[-1] == pytest.approx(closes[-20:].mean() + 2 * closes[-20:].std(), rel=1e-9)


@pytest.mark.parametrize(
    "call",
    [
        lambda a: sma(a, 0),
        lambda a: ema(a, 0),
        lambda a: rsi(a, 1),
        lambda a: atr(a, a, a, 0),
        lambda a: adx(a, a, a, 1),
        lambda a: bollinger(a, 1, 2.0),
        lambda a: macd(a, fast=26, slow=26),
    ],
)
def test_a_period_that_has_no_meaning_is_refused_by_name(call):
    with pytest.raises(InvalidRecord, match="period"):
        call(np.arange(50.0))


def test_the_newest_values_are_padded_in_front_and_never_hold_nan():
    series = np.array([np.nan, 1.0, np.inf, 2.0])
    assert last_values(series, 6) == [None, None, None, 1.0, None, 2.0]
    assert last_values(series, 2) == [None, 2.0]
    assert last_value(np.array([np.nan])) is None
    assert last_value(np.array([])) is None
