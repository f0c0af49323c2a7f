"""Every indicator equals TA-Lib's and the textbook, keeps the length and knows its warm-up."""

import numpy as np
import pytest

from tests.trading.indicators.every_indicator import INDICATORS
from trading.errors import InvalidRecord
from trading.indicators.oscillators import (
    cci,
    money_flow_index,
    rate_of_change,
    rsi,
    stochastic,
    williams_r,
)
from trading.indicators.series import last_value, last_values
from trading.indicators.trend import adx, directional, ema, macd, parabolic_stop, sma, wma
from trading.indicators.volatility import atr, atr_ratio, bollinger, deviation
from trading.indicators.volume import money_flow, obv, rolling_vwap
from trading.timeframes import Timeframe


@pytest.mark.parametrize("name", INDICATORS)
def test_it_equals_talib_on_every_candle(name: str, window, walk):
    ours, theirs, _ = INDICATORS[name]
    candles = window(Timeframe.M5, walk(300))
    np.testing.assert_allclose(ours(candles), theirs(candles), rtol=1e-9, atol=1e-8)


@pytest.mark.parametrize("name", INDICATORS)
def test_the_first_value_comes_exactly_at_the_stated_warm_up(name: str, window, walk):
    measure, _, warm_up = INDICATORS[name]
    values = measure(window(Timeframe.M5, walk(warm_up + 5)))
    assert len(values) == warm_up + 5
    assert np.isnan(values[: warm_up - 1]).all()
    assert np.isfinite(values[warm_up - 1 :]).all()


@pytest.mark.parametrize("name", INDICATORS)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_candles_give_an_array_of_their_length_without_a_value(
    name: str, count: int, window, walk
):
    measure, _, warm_up = INDICATORS[name]
    values = measure(window(Timeframe.M5, walk(count)))
    assert len(values) == count
    assert np.isnan(values[: warm_up - 1]).all()


FLAT = {
    "sma": 100.0,
    "ema": 100.0,
    "wma": 100.0,
    "parabolic stop": 100.0,
    "bollinger upper": 100.0,
    "bollinger middle": 100.0,
    "bollinger lower": 100.0,
    "donchian upper": 100.0,
    "donchian middle": 100.0,
    "donchian lower": 100.0,
    "keltner upper": 100.0,
    "keltner middle": 100.0,
    "keltner lower": 100.0,
    "supertrend line": 100.0,
    "supertrend trend": 1.0,
    "vwap": 100.0,
    "rolling vwap": 100.0,
    "obv": 10.0,
    "ichimoku conversion": 100.0,
    "ichimoku base": 100.0,
    "ichimoku span a": 100.0,
    "ichimoku span b": 100.0,
}
"""What a market that stands still at 100 gives; the others give 0."""


@pytest.mark.parametrize("name", INDICATORS)
def test_a_flat_market_gives_numbers_and_no_division_by_zero(name: str, window):
    values = INDICATORS[name][0](window(Timeframe.M5, [100.0] * 120, reach=0.0))
    assert values[-1] == pytest.approx(FLAT.get(name, 0.0), abs=1e-9)


@pytest.mark.parametrize("name", INDICATORS)
def test_a_value_has_the_same_bits_whatever_comes_after_it(name: str, window, walk):
    measure = INDICATORS[name][0]
    closes = walk(220)
    whole = measure(window(Timeframe.M5, closes))
    for cut in (1, 20, 57, 119, 180, 219):
        np.testing.assert_array_equal(measure(window(Timeframe.M5, closes[:cut])), whole[:cut])
        other = closes[:cut] + walk(220 - cut, seed=cut)
        np.testing.assert_array_equal(measure(window(Timeframe.M5, other))[:cut], whole[:cut])


def test_no_volume_gives_no_volume_weighted_price(window, walk):
    market = window(Timeframe.M5, walk(40), volume=0.0)
    columns = (market.highs, market.lows, market.closes, market.volumes)
    assert np.isnan(rolling_vwap(*columns, 10)).all()
    assert (obv(market.closes, market.volumes) == 0.0).all()


def test_the_volume_weighted_price_is_a_mean_of_typical_prices(window, walk):
    market = window(Timeframe.M5, walk(40))
    typical = (market.highs + market.lows + market.closes) / 3
    columns = (market.highs, market.lows, market.closes, market.volumes)
    expected = np.average(typical[-10:], weights=market.volumes[-10:])
    assert rolling_vwap(*columns, 10)[-1] == pytest.approx(expected, rel=1e-9)


def test_the_stochastic_is_the_place_of_the_close_in_the_range(window, walk):
    market = window(Timeframe.M5, walk(60))
    fast = [
        100
        * (market.closes[now] - market.lows[now - 13 : now + 1].min())
        / (market.highs[now - 13 : now + 1].max() - market.lows[now - 13 : now + 1].min())
        for now in range(13, 60)
    ]
    found = stochastic(market.highs, market.lows, market.closes)
    assert found.k[-1] == pytest.approx(np.mean(fast[-3:]), rel=1e-9)
    assert found.d[-1] == pytest.approx(
        np.mean([np.mean(fast[-3 - back : len(fast) - back]) for back in range(3)]), rel=1e-9
    )


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
        lambda a: wma(a, 1),
        lambda a: directional(a, a, a, 1),
        lambda a: stochastic(a, a, a, period=0),
        lambda a: stochastic(a, a, a, smoothing=0),
        lambda a: stochastic(a, a, a, signal=0),
        lambda a: cci(a, a, a, 1),
        lambda a: williams_r(a, a, a, 1),
        lambda a: money_flow_index(a, a, a, a, 1),
        lambda a: rate_of_change(a, 0),
        lambda a: atr_ratio(a, a, a, 0),
        lambda a: deviation(a, 1),
        lambda a: rolling_vwap(a, a, a, a, 1),
        lambda a: money_flow(a, a, a, a, 1),
    ],
)
def test_a_period_that_has_no_meaning_is_refused_by_name(call):
    with pytest.raises(InvalidRecord, match="period"):
        call(np.arange(50.0))


@pytest.mark.parametrize("factors", [{"acceleration": 0.0}, {"maximum": -0.1}])
def test_a_factor_of_the_parabolic_stop_must_be_positive(factors):
    with pytest.raises(InvalidRecord, match=r"multiple is .*, allowed is above 0"):
        parabolic_stop(np.arange(50.0), np.arange(50.0), **factors)


def test_the_newest_values_are_padded_in_front_and_never_hold_nan():
    series = np.array([np.nan, 1.0, np.inf, 2.0])
    assert last_values(series, 6) == [None, None, None, 1.0, None, 2.0]
    assert last_values(series, 2) == [None, 2.0]
    assert last_value(np.array([np.nan])) is None
    assert last_value(np.array([])) is None
