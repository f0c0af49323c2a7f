"""Bandtastic trades passed bands back across the middle, if prices and money are extreme alike."""

import numpy as np
import pytest

from trading.positions import Direction
from trading.strategies.bandtastic import BandtasticParameters, opinions, signal, warm_up
from trading.strategies.recent_candles import recent_candles
from trading.timeframes import Timeframe

DEFAULTS = BandtasticParameters()
CALM = [1000.0 + (index % 2) for index in range(60)]
DROP = [*CALM, 999.0, 998.0, 996.0, 993.0, 988.0]
JUMP = [*CALM, 1002.0, 1003.0, 1005.0, 1008.0, 1013.0]


@pytest.fixture
def opinion(candles, view):
    def ask(closes, held=Direction.FLAT, parameters=DEFAULTS, **shape):
        made = candles(closes, Timeframe.M15, **shape)
        return signal(view(made, Timeframe.M15), parameters, held)

    return ask


def smoothed(ranges, start=2.0, period=14):
    """Wilder's ATR after true ranges that follow a long time of `start`."""
    for each in ranges:
        start = ((period - 1) * start + each) / period
    return start


@pytest.mark.parametrize(
    ("closes", "direction", "ranges"),
    [
        # a true range is the move plus two wicks of 0.5
        (DROP, Direction.LONG, (3, 2, 3, 4, 6)),
        (JUMP, Direction.SHORT, (2, 2, 3, 4, 6)),
    ],
)
def test_a_passed_band_is_traded_to_the_first_band_of_the_other_side(
    opinion, closes, direction, ranges
):
    answer = opinion(closes)
    middle, width = np.mean(closes[-20:]), np.std(closes[-20:])
    stop = closes[-1] - direction.sign * 4 * smoothed(ranges)
    assert answer.direction is direction
    assert float(answer.take_profit_price) == round(middle + direction.sign * width, 1)
    assert float(answer.stop_price) == round(stop, 1)
    assert not answer.scales_in


@pytest.mark.parametrize(("entry_band", "enters"), [(1, True), (2, True), (3, True), (4, False)])
def test_each_band_is_one_deviation_further_out(opinion, entry_band, enters):
    answer = opinion(DROP, parameters=BandtasticParameters(entry_band=entry_band))
    assert "is 3.46 bands of 3.2078 below the middle 999.1" in answer.reason
    assert answer.hold is not enters


def test_confidence_is_how_far_out_between_the_entry_band_and_the_fourth(opinion):
    away = (np.mean(DROP[-20:]) - DROP[-1]) / np.std(DROP[-20:])
    for band in (1, 2, 3):
        found = opinion(DROP, parameters=BandtasticParameters(entry_band=band)).confidence
        assert found == pytest.approx(0.55 + 0.45 * (away - band) / (4 - band))


@pytest.mark.parametrize("guard", [{"rsi_extreme": 23.0}, {"mfi_extreme": 34.0}])
def test_either_guard_alone_keeps_the_strategy_out(opinion, guard):
    # RSI is 23.4 and MFI 34.2 there
    assert opinion(DROP, parameters=BandtasticParameters(**guard)).hold
    both = BandtasticParameters(rsi_extreme=23.5, mfi_extreme=34.5)
    assert opinion(DROP, parameters=both).direction is Direction.LONG


def test_the_guards_of_a_short_are_the_mirror_of_those_of_a_long(opinion):
    # RSI is 77.6 and MFI 68.3 there
    for guard in ({"rsi_extreme": 22.0}, {"mfi_extreme": 31.0}):
        assert opinion(JUMP, parameters=BandtasticParameters(**guard)).hold
    both = BandtasticParameters(rsi_extreme=23.0, mfi_extreme=32.0)
    assert opinion(JUMP, parameters=both).direction is Direction.SHORT


def test_a_market_without_volume_is_not_taken_for_a_panic(opinion):
    answer = opinion(DROP, volume=0.0)  # TA-Lib's MFI is 0 there
    assert answer.hold
    assert "no volume" in answer.reason


def test_a_motionless_market_has_no_bands(opinion):
    free = BandtasticParameters(min_target_ratio=0.0, entry_band=1)
    assert opinion([100.0] * 120, reach=0.0, parameters=free).hold


def test_the_way_to_the_target_must_pay_the_costs(opinion):
    wide = (np.mean(DROP[-20:]) + np.std(DROP[-20:]) - DROP[-1]) / DROP[-1]
    assert opinion(DROP, parameters=BandtasticParameters(min_target_ratio=wide * 1.01)).hold
    assert not opinion(DROP, parameters=BandtasticParameters(min_target_ratio=wide * 0.99)).hold


@pytest.mark.parametrize(
    ("held", "close", "ends"),
    [
        # the first band above the middle lies 3.6 above 998.7
        (Direction.LONG, 1003.0, True),
        (Direction.LONG, 1001.0, False),
        (Direction.SHORT, 1003.0, False),
    ],
)
def test_a_position_ends_at_the_band_across_the_middle_and_not_at_the_middle(
    opinion, held, close, ends
):
    answer = opinion([*DROP, 992.0, close], held)
    assert answer.hold is not ends
    assert answer.direction is Direction.FLAT


def test_a_short_ends_at_the_first_band_below_the_middle(opinion):
    assert opinion([*JUMP, 1008.0, 1000.0], Direction.SHORT).hold
    answer = opinion([*JUMP, 1008.0, 997.0], Direction.SHORT)
    assert (answer.hold, answer.direction) == (False, Direction.FLAT)


def test_one_candle_less_than_the_warm_up_is_no_opinion(opinion, candles, view):
    needed = warm_up(DEFAULTS)
    assert opinion(DROP[-needed + 1 :]).reason.startswith(f"{needed - 1} of {needed} closed 15m")
    assert opinion(DROP[-needed:]).direction is Direction.LONG
    read = recent_candles(view(candles(DROP, Timeframe.M15), Timeframe.M15), Timeframe.M15, 240)
    assert not opinions(read, DEFAULTS).side[: needed - 1].any()
