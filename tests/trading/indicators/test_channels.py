"""Channels, SuperTrend and Ichimoku equal their slow definitions candle by candle."""

import numpy as np
import pytest

from tests.trading.indicators.slow_channels import (
    slow_average,
    slow_middle,
    slow_supertrend,
    slow_true_range,
)
from trading.errors import InvalidRecord
from trading.indicators.channels import donchian, ichimoku, keltner, supertrend
from trading.timeframes import Timeframe

CLOSE = {"rtol": 1e-9, "atol": 1e-8}


@pytest.fixture(params=[1, 2, 3])
def market(request, window, walk):
    return window(Timeframe.M5, walk(260, request.param), reach=20.0)


@pytest.mark.parametrize(("period", "multiple"), [(2, 0.5), (10, 3.0), (11, 1.0), (30, 2.0)])
def test_supertrend_moves_its_stop_only_with_the_trend(market, period, multiple):
    found = supertrend(market.highs, market.lows, market.closes, period=period, multiple=multiple)
    line, trend = slow_supertrend(market.highs, market.lows, market.closes, period, multiple)
    np.testing.assert_allclose(found.line, line, **CLOSE)
    np.testing.assert_array_equal(found.trend, trend)
    assert {-1.0, 1.0} <= set(found.trend[period:])


def test_the_close_lies_on_the_trends_side_of_the_line(market):
    found = supertrend(market.highs, market.lows, market.closes, period=10, multiple=2.0)
    known = ~np.isnan(found.line)
    assert (np.sign(market.closes - found.line)[known] == found.trend[known]).all()


@pytest.mark.parametrize("period", [2, 20])
def test_donchian_is_the_range_of_the_last_candles(market, period):
    found = donchian(market.highs, market.lows, period)
    for now in range(period - 1, len(market)):
        part = slice(now - period + 1, now + 1)
        assert found.upper[now] == market.highs[part].max()
        assert found.lower[now] == market.lows[part].min()
        assert found.middle[now] == pytest.approx((found.upper[now] + found.lower[now]) / 2)


@pytest.mark.parametrize(("period", "atr_period", "multiple"), [(20, 10, 2.0), (5, 14, 1.0)])
def test_keltner_is_an_average_of_typical_prices_and_ranges_around_it(
    market, period, atr_period, multiple
):
    found = keltner(
        market.highs,
        market.lows,
        market.closes,
        period=period,
        atr_period=atr_period,
        multiple=multiple,
    )
    typical = ((market.highs + market.lows + market.closes) / 3).tolist()
    first = max(period - 1, atr_period)
    known, late = slice(first, None), first - period + 1  # both averages begin with the channel
    average = slow_average(typical[late:], period)[period - 1 :]
    np.testing.assert_allclose(found.middle[known], average, **CLOSE)
    reach = _late_atr(market, first, atr_period)
    assert np.isnan(found.upper[:first]).all()
    np.testing.assert_allclose(
        found.upper[known], found.middle[known] + multiple * reach[known], **CLOSE
    )
    np.testing.assert_allclose(
        found.lower[known], found.middle[known] - multiple * reach[known], **CLOSE
    )


def _late_atr(market, first, atr_period):
    """Wilder's average as TA-Lib's channel takes it: its first value is the channel's first."""
    ranges = slow_true_range(market.highs, market.lows, market.closes)
    values = np.full(len(market), np.nan)
    values[first] = sum(ranges[first - atr_period : first]) / atr_period
    for now in range(first + 1, len(market)):
        values[now] = (values[now - 1] * (atr_period - 1) + ranges[now - 1]) / atr_period
    return values


def test_ichimoku_is_made_of_midpoints_and_draws_its_cloud_ahead(market):
    found = ichimoku(market.highs, market.lows)
    short, middle, long = (slow_middle(market.highs, market.lows, n) for n in (9, 26, 52))
    np.testing.assert_allclose(found.conversion, short, **CLOSE)
    np.testing.assert_allclose(found.base, middle, **CLOSE)
    np.testing.assert_allclose(found.ahead_a, (short + middle) / 2, **CLOSE)
    np.testing.assert_allclose(found.ahead_b, long, **CLOSE)
    np.testing.assert_array_equal(found.span_a[26:], found.ahead_a[:-26])
    np.testing.assert_array_equal(found.span_b[26:], found.ahead_b[:-26])
    assert np.isnan(found.span_a[:26]).all()


def test_ichimoku_of_fewer_candles_than_its_displacement_has_no_cloud(market):
    found = ichimoku(market.highs[:20], market.lows[:20])
    assert len(found.span_a) == len(found.span_b) == 20
    assert np.isnan(found.span_a).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda a: supertrend(a, a, a, period=1, multiple=3.0),
        lambda a: supertrend(a, a, a, period=10, multiple=0.0),
        lambda a: supertrend(a, a, a, period=10, multiple=float("nan")),
        lambda a: donchian(a, a, 1),
        lambda a: keltner(a, a, a, period=1),
        lambda a: keltner(a, a, a, atr_period=0),
        lambda a: keltner(a, a, a, multiple=-1.0),
        lambda a: ichimoku(a, a, base_period=1),
        lambda a: ichimoku(a, a, displacement=0),
    ],
)
def test_a_setting_that_has_no_meaning_is_refused_by_name(call):
    with pytest.raises(InvalidRecord, match=r"(period|multiple|displacement)"):
        call(np.arange(50.0))
