"""Efficiency, realised and relative volatility against figures that can be checked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trading.errors import InvalidRecord
from trading.regime.measures import efficiency_ratio, realised_volatility, relative_volatility


def test_a_straight_line_is_fully_efficient_and_a_way_back_is_not_at_all() -> None:
    closes = np.array([1.0, 2.0, 3.0, 4.0, 3.0, 2.0, 1.0])
    ratio = efficiency_ratio(closes, 3)
    assert np.isnan(ratio[:3]).all()
    np.testing.assert_allclose(ratio[3:], [1.0, 1 / 3, 1 / 3, 1.0])


def test_a_market_that_stands_still_has_no_efficiency() -> None:
    assert efficiency_ratio(np.full(5, 7.0), 2)[-1] == 0.0


def test_realised_volatility_is_the_deviation_of_the_log_returns_from_their_mean() -> None:
    closes = np.array([1.0, math.e, math.e**3])
    volatility = realised_volatility(closes, 2)
    assert np.isnan(volatility[:2]).all()
    assert volatility[2] == pytest.approx(0.5)  # returns 1 and 2


def test_a_steady_trend_has_no_volatility() -> None:
    assert realised_volatility(1.01 ** np.arange(20.0), 12)[-1] == pytest.approx(0.0, abs=1e-8)


def test_relative_volatility_is_one_in_usual_times_and_three_when_it_triples() -> None:
    relative = relative_volatility(np.array([np.nan, 0.1, 0.1, 0.1, 0.3]), 4)
    assert np.isnan(relative[:4]).all()
    assert relative[4] == pytest.approx(3.0)


def test_a_move_out_of_complete_silence_is_infinitely_unusual_and_silence_is_usual() -> None:
    relative = relative_volatility(np.array([0.0, 0.0, 0.0, 0.2]), 3)
    assert relative[2] == 1.0
    assert relative[3] == math.inf


def test_every_measure_is_all_missing_when_there_are_too_few_candles() -> None:
    closes = np.array([1.0, 2.0])
    assert np.isnan(efficiency_ratio(closes, 2)).all()
    assert np.isnan(realised_volatility(closes, 2)).all()
    assert np.isnan(relative_volatility(closes, 3)).all()


@pytest.mark.parametrize("measure", [efficiency_ratio, realised_volatility, relative_volatility])
def test_a_period_of_nothing_is_refused(measure) -> None:
    with pytest.raises(InvalidRecord, match="period is 0, allowed is 1 or more"):
        measure(np.array([1.0, 2.0]), 0)


def test_a_median_over_years_is_the_same_as_over_its_last_part() -> None:
    noise = np.abs(np.random.default_rng(5).normal(size=9_000)) + 0.1
    whole, part = relative_volatility(noise, 240), relative_volatility(noise[-400:], 240)
    np.testing.assert_array_equal(whole[-161:], part[-161:])
