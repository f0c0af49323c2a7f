"""ADX-SMA takes a fresh cross in a trend, misses an old one, and leaves when it turns or fades."""

import math

import pytest

from trading.errors import InvalidRecord
from trading.positions import Direction
from trading.strategies.adx_sma import AdxSmaParameters, signal, warm_up
from trading.timeframes import Timeframe

DEFAULTS = AdxSmaParameters()
FALL = [1000.0 - 2 * index for index in range(60)]
RISE = [1000.0 + 2 * index for index in range(60)]
QUIET = [1000.0 + 3.0 * math.sin(1.3 * index) for index in range(100)]


def turn(closes, candles):
    """The closes, and as many candles back the way they came at the same pace."""
    step = closes[-2] - closes[-1]
    return [*closes, *(closes[-1] + step * (index + 1) for index in range(candles))]


@pytest.fixture
def opinion(candles, view):
    def ask(closes, held=Direction.FLAT, parameters=DEFAULTS, **shape):
        made = candles(closes, Timeframe.M15, **shape)
        return signal(view(made, Timeframe.M15), parameters, held)

    return ask


@pytest.mark.parametrize(
    ("closes", "direction", "stop", "target"),
    [
        # the averages cross at the tenth candle of the turn, whose close is 902 (1098); every
        # true range is 2 (the move) + 0.5 + 0.5 (the wicks), so ATR is 3
        (turn(FALL, 10), Direction.LONG, 902 - 4 * 3, 902 + 10 * 3),
        (turn(RISE, 10), Direction.SHORT, 1098 + 4 * 3, 1098 - 10 * 3),
    ],
)
def test_a_cross_in_a_trend_is_entered_with_levels_in_atr(opinion, closes, direction, stop, target):
    answer = opinion(closes)
    assert answer.direction is direction
    assert (float(answer.stop_price), float(answer.take_profit_price)) == (stop, target)
    assert "crossed 0 candle(s) ago" in answer.reason


def test_before_the_cross_nothing_is_entered(opinion):
    answer = opinion(turn(FALL, 9))
    assert answer.hold
    assert "no cross yet" in answer.reason


@pytest.mark.parametrize(("candles_after", "enters"), [(11, True), (12, False)])
def test_a_cross_is_fresh_for_twelve_candles_its_own_included(opinion, candles_after, enters):
    answer = opinion(turn(FALL, 10 + candles_after))
    assert f"crossed {candles_after} candle(s) ago" in answer.reason
    assert answer.hold is not enters


def test_without_a_trend_a_cross_is_no_entry(opinion):
    closes = [*QUIET[:98], 1003.5]
    answer = opinion(closes)
    assert "crossed 0 candle(s) ago" in answer.reason
    assert answer.hold
    bold = AdxSmaParameters(adx_entry=0.0)
    assert opinion(closes, parameters=bold).direction is Direction.LONG


def test_a_position_stays_while_its_trend_goes_on_although_the_cross_is_old(opinion):
    assert opinion(turn(FALL, 40), Direction.LONG).hold


@pytest.mark.parametrize(("closes", "held"), [(FALL, Direction.SHORT), (RISE, Direction.LONG)])
def test_a_cross_back_ends_the_position_even_when_it_is_old(opinion, closes, held):
    answer = opinion(turn(closes, 40), held)
    assert (answer.hold, answer.direction) == (False, Direction.FLAT)


def test_a_fresh_cross_against_the_position_asks_for_the_other_side(opinion):
    assert opinion(turn(FALL, 10), Direction.SHORT).direction is Direction.LONG


def test_a_faded_trend_ends_the_position_without_a_cross(opinion):
    # quiet water far above the past: the averages stay up while ADX sinks below 0.6 x 25
    faded = [*RISE, *(each + 118.0 for each in QUIET[:60])]
    slow = AdxSmaParameters(fast_period=60, slow_period=110)
    answer = opinion(faded, Direction.LONG, slow)
    assert (answer.hold, answer.direction) == (False, Direction.FLAT)
    assert "the trend has faded" in answer.reason
    never = AdxSmaParameters(fast_period=60, slow_period=110, adx_exit_share=0.0)
    assert opinion(faded, Direction.LONG, never).hold


def test_confidence_grows_with_the_trend_from_the_entry_to_wilders_very_strong(opinion):
    closes = turn(FALL, 19)  # ADX is 51.0
    assert opinion(closes).confidence == 1.0
    # the same reading as threshold is the least confidence, and between them it is proportional
    assert opinion(closes, parameters=AdxSmaParameters(adx_entry=51)).confidence < 0.6


def test_one_candle_less_than_the_warm_up_is_no_opinion(opinion):
    needed = warm_up(DEFAULTS)
    closes = turn(FALL, 10)
    assert opinion(closes[-needed + 1 :]).reason.startswith(f"{needed - 1} of {needed} closed 15m")
    assert opinion(closes[-needed:]).direction is Direction.LONG
    assert warm_up(AdxSmaParameters(slow_period=60)) == 60 + 1  # a cross needs the candle before


def test_the_fast_average_must_be_the_faster_one():
    with pytest.raises(InvalidRecord, match="fast_period is 24, allowed is below slow_period"):
        AdxSmaParameters(fast_period=24, slow_period=24)
