"""Momentum follows crossed averages in a trend and lets go when they cross back."""

import math

import pytest

from trading.errors import InvalidRecord
from trading.positions import Direction
from trading.strategies.momentum import MomentumParameters, signal, warm_up
from trading.timeframes import Timeframe

DEFAULTS = MomentumParameters()
RISE = [1000.0 + 2 * index for index in range(120)]
FALL = [1000.0 - 2 * index for index in range(120)]
QUIET = [1000.0 + 3.0 * math.sin(1.3 * index) for index in range(120)]


@pytest.fixture
def opinion(candles, view):
    def ask(closes, held=Direction.FLAT, parameters=DEFAULTS, **shape):
        return signal(view(candles(closes, Timeframe.M5, **shape), Timeframe.M5), parameters, held)

    return ask


@pytest.mark.parametrize(("closes", "direction"), [(RISE, Direction.LONG), (FALL, Direction.SHORT)])
def test_a_trend_is_entered_with_stop_and_target_around_the_price(opinion, closes, direction):
    answer = opinion(closes)
    assert answer.direction is direction
    assert not answer.hold
    assert (float(answer.stop_price) - closes[-1]) * direction.sign < 0
    assert (float(answer.take_profit_price) - closes[-1]) * direction.sign > 0


def test_levels_are_whole_atr_multiples_rounded_to_the_tick(opinion):
    # every true range is 2 (the move) + 0.5 + 0.5 (the wicks) = 3, so ATR is 3 as well
    answer = opinion(RISE)
    assert float(answer.stop_price) == pytest.approx(1238 - 6 * 3, abs=0.05)
    assert float(answer.take_profit_price) == pytest.approx(1238 + 15 * 3, abs=0.05)


def test_a_quiet_market_gives_no_opinion(opinion):
    assert opinion(QUIET).hold
    assert "ADX" in opinion(QUIET).reason


def test_a_cross_against_the_position_ends_it_even_without_a_trend(opinion):
    # a fall that turned into calm: averages still point down, ADX has faded
    closes = [1000.0 - index for index in range(30)] + [each - 30.0 for each in QUIET[:60]]
    assert opinion(closes, Direction.SHORT).hold
    answer = opinion(closes, Direction.LONG)
    assert not answer.hold
    assert answer.direction is Direction.FLAT


def test_a_strong_trend_against_the_position_asks_for_the_other_side(opinion):
    assert opinion(FALL, Direction.LONG).direction is Direction.SHORT


def test_a_stronger_trend_gives_more_confidence(opinion):
    eager = MomentumParameters(adx_entry=5.0)
    noisy = [1000.0 + index + 6 * (index % 3) for index in range(120)]
    assert 0.5 < opinion(noisy, parameters=eager).confidence < opinion(RISE).confidence <= 1.0


def test_one_candle_less_than_the_warm_up_is_no_opinion(opinion):
    needed = warm_up(DEFAULTS)
    assert (
        opinion(RISE[: needed - 1]).reason
        == f"{needed - 1} of {needed} closed 5m candles are there"
    )
    assert not opinion(RISE[:needed]).hold


@pytest.mark.parametrize("closes", [[100.0] * 120, [0.1] * 120])
def test_a_motionless_market_is_never_entered(opinion, closes):
    for held in Direction:
        assert opinion(closes, held, reach=0.0).direction is Direction.FLAT


def test_a_tick_larger_than_the_distance_to_the_stop_is_no_entry(opinion):
    # moves of one tick around 5 ticks: the target of a short would have to be below zero
    closes = [20.0 - 0.15 * index for index in range(120)]
    answer = opinion(closes, reach=0.1)
    assert answer.hold
    assert "do not fit" in answer.reason


def test_the_fast_average_must_be_faster():
    with pytest.raises(InvalidRecord, match="fast_period is 50, allowed is below slow_period"):
        MomentumParameters(fast_period=50, slow_period=50)
