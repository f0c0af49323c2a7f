"""Prices in ticks: the same whichever way they are asked for."""

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.simulation.bridge import ANCHOR_MINUTES, bridge
from trading.simulation.factors import factor_path
from trading.simulation.instruments import ASSETS, MARKET_FACTOR
from trading.simulation.minutes import Bars, minute_bars, ticks_inside

SYMBOLS = st.sampled_from(sorted(ASSETS))
SEEDS = st.integers(0, 2**63 - 1)
YEAR = 525_600
MINUTES = st.integers(40 * YEAR, 90 * YEAR)


def same(one: Bars, other: Bars) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(astuple(one), astuple(other), strict=True))


def cut(bars: Bars, start: int, count: int) -> Bars:
    arrays = [array[start : start + count] for array in astuple(bars)[2:]]
    return Bars(bars.first + start, bars.length, *arrays)


@settings(max_examples=40, deadline=None)
@given(SEEDS, SYMBOLS, MINUTES, st.integers(0, 300), st.integers(1, 50))
def test_a_part_asked_for_alone_equals_the_part_of_the_whole(seed, symbol, first, start, count):
    whole = minute_bars(seed, ASSETS[symbol], first, 360)
    assert same(minute_bars(seed, ASSETS[symbol], first + start, count), cut(whole, start, count))


@pytest.mark.parametrize("edge", [ANCHOR_MINUTES * 110, 2**13 * 3600, 1_440 * 20_000])
def test_a_part_equals_the_whole_across_the_edges_of_anchors_jump_slots_and_days(edge):
    whole = minute_bars(7, ASSETS["ETHUSDT"], edge - 100, 200)
    for start in (0, 99, 100, 101, 150):
        assert same(
            minute_bars(7, ASSETS["ETHUSDT"], edge - 100 + start, 40), cut(whole, start, 40)
        )


@settings(max_examples=40, deadline=None)
@given(SEEDS, SYMBOLS, MINUTES)
def test_each_bar_opens_where_the_one_before_closed(seed, symbol, first):
    bars = minute_bars(seed, ASSETS[symbol], first, 200)
    assert np.array_equal(bars.opens[1:], bars.closes[:-1])


@settings(max_examples=40, deadline=None)
@given(SEEDS, SYMBOLS, MINUTES)
def test_bars_are_positive_and_not_crossed(seed, symbol, first):
    bars = minute_bars(seed, ASSETS[symbol], first, 500)
    assert np.all(bars.lows >= 1)
    assert np.all(bars.lows <= np.minimum(bars.opens, bars.closes))
    assert np.all(bars.highs >= np.maximum(bars.opens, bars.closes))
    assert np.all(bars.volumes >= 0)


@settings(max_examples=60, deadline=None)
@given(SEEDS, SYMBOLS, MINUTES, st.integers(0, 59_999_999))
def test_no_instant_lies_outside_its_bar(seed, symbol, minute, microseconds):
    bar = minute_bars(seed, ASSETS[symbol], minute, 1)
    assert bar.lows[0] <= ticks_inside(seed, ASSETS[symbol], bar, microseconds) <= bar.highs[0]


def test_the_path_inside_a_minute_starts_at_the_open_touches_both_extremes_and_ends_at_the_close():
    asset = ASSETS["BTCUSDT"]
    bar = minute_bars(7, asset, 29_000_000, 1)
    seen = [ticks_inside(7, asset, bar, at) for at in range(0, 60_000_000, 2_000)]
    assert seen[0] == bar.opens[0]
    # Straight lines seen every 2 ms come within a tick of their ends.
    assert bar.highs[0] - 1 <= max(seen) <= bar.highs[0]
    assert bar.lows[0] <= min(seen) <= bar.lows[0] + 1
    assert abs(seen[-1] - bar.closes[0]) <= 1


def test_different_seeds_give_different_markets():
    paths = [factor_path(seed, MARKET_FACTOR, 29_000_000, 2_000) for seed in (1, 2, 3)]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert abs(np.corrcoef(np.diff(paths[one]), np.diff(paths[other]))[0, 1]) < 0.1


def test_a_bridge_of_constant_scale_spreads_like_a_random_walk():
    walk = bridge(
        3,
        "plain",
        first=1_000_000,
        count=200_001,
        anchor_deviation=0.0,
        scale=lambda minutes, _span: np.ones(minutes.shape),
    )
    for length in (1, 16, 60, 240):
        spread = np.diff(walk[::length]).std()
        assert spread == pytest.approx(np.sqrt(length), rel=0.08)
