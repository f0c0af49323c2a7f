"""Ichimoku is on the side on which all lines agree, by lines that know nothing of the future."""

import numpy as np
import pytest

from trading.errors import InvalidRecord
from trading.positions import Direction
from trading.strategies.ichimoku import IchimokuParameters, opinions, signal, warm_up
from trading.strategies.recent_candles import recent_candles
from trading.timeframes import Timeframe

DEFAULTS = IchimokuParameters()
RISE = [1000.0 + 2 * index for index in range(100)]
FALL = [1000.0 - 2 * index for index in range(100)]
SMALL = IchimokuParameters(
    conversion_period=3, base_period=6, span_period=12, displacement=5, atr_period=5
)


@pytest.fixture
def opinion(candles, view):
    def ask(closes, held=Direction.FLAT, parameters=DEFAULTS, **shape):
        made = candles(closes, Timeframe.M15, **shape)
        return signal(view(made, Timeframe.M15), parameters, held)

    return ask


@pytest.fixture
def read(candles, view, walk):
    """Candles of a random walk as a strategy reads them."""
    made = candles(walk(230, seed=5, start=100.0, step=0.01), Timeframe.M15)
    return recent_candles(view(made, Timeframe.M15), Timeframe.M15, 240)


@pytest.mark.parametrize(
    ("closes", "direction", "stop", "target"),
    [
        # the base line lies 26 behind a close that moves 2 a candle; ATR is 3 (2 and two wicks of
        # 0.5); the stop is 26 + 1.5 x 3 = 30.5 away, the target twice that
        (RISE, Direction.LONG, 1198 - 30.5, 1198 + 61),
        (FALL, Direction.SHORT, 802 + 30.5, 802 - 61),
    ],
)
def test_where_all_lines_agree_it_enters_with_the_stop_beyond_the_base_line(
    opinion, closes, direction, stop, target
):
    answer = opinion(closes)
    assert answer.direction is direction
    assert (float(answer.stop_price), float(answer.take_profit_price)) == (stop, target)


def test_the_words_carry_every_line(opinion):
    assert opinion(RISE).reason == (
        "all lines agree above the cloud: close 1198 (1146 26 candles ago), "
        "cloud 1094 to 1128.5, conversion 1189, base 1172, ahead 1180.5 / 1146"
    )


def naive(read, at, rule):
    """+1, -1 or 0 at a candle, straight from the definition of each line."""

    def middle(end, period):
        part = slice(end - period + 1, end + 1)
        return (read.highs[part].max() + read.lows[part].min()) / 2

    def agree(sign):
        conversion, base = middle(at, rule.conversion_period), middle(at, rule.base_period)
        drawn = at - rule.displacement
        cloud = (
            (middle(drawn, rule.conversion_period) + middle(drawn, rule.base_period)) / 2,
            middle(drawn, rule.span_period),
        )
        close = read.closes[at]
        return (
            all(sign * (close - edge) > 0 for edge in cloud)
            and sign * (close - base) > 0
            and sign * (close - read.closes[drawn]) > 0
            and sign * (conversion - base) > 0
            and sign * ((conversion + base) / 2 - middle(at, rule.span_period)) > 0
        )

    return int(agree(1)) - int(agree(-1))


def test_the_sides_are_those_of_the_five_conditions_and_no_others(read):
    columns = opinions(read, SMALL)
    first = warm_up(SMALL) - 1
    expected = [naive(read, at, SMALL) for at in range(first, len(read))]
    assert columns.side[first:].tolist() == expected
    assert not columns.side[:first].any()
    assert {-1, 0, 1} == set(expected)


def test_scrambled_candles_of_the_future_change_nothing(read):
    whole = opinions(read, SMALL)
    for cut in (20, 60, 150, 229):
        prefix = opinions(read.until(cut), SMALL)
        for name in ("side", "leave_long", "leave_short", "stop", "target", "confidence"):
            np.testing.assert_array_equal(getattr(prefix, name), getattr(whole, name)[:cut])


def test_the_cloud_of_now_was_drawn_in_the_past(opinion):
    # the last 26 candles turn: the cloud beside them still is the one of the rise
    turned = [*RISE[:74], *(RISE[73] - 2 * (index + 1) for index in range(26))]
    assert "cloud 1094 to 1128.5" in opinion(turned).reason
    moved = [*RISE[:73], 1150.0, *turned[74:]]
    assert "cloud 1094 to 1128.5" not in opinion(moved).reason


@pytest.mark.parametrize(
    ("candles_back", "held", "ends"),
    [
        (11, Direction.LONG, False),  # close 1176 is under base 1183, conversion 1185 is not
        (12, Direction.LONG, True),  # conversion 1183, base 1184
        (11, Direction.SHORT, False),
        (12, Direction.SHORT, True),
    ],
)
def test_a_position_ends_when_close_and_conversion_are_past_the_base_line(
    opinion, candles_back, held, ends
):
    trend = RISE if held is Direction.LONG else FALL
    back = [trend[-1] - 2 * held.sign * (index + 1) for index in range(candles_back)]
    answer = opinion([*trend, *back], held)
    assert answer.hold is not ends
    assert answer.direction is Direction.FLAT


@pytest.mark.parametrize(
    ("trend", "held", "crash", "dip"),
    [(RISE, Direction.LONG, 1090.0, 1160.0), (FALL, Direction.SHORT, 910.0, 840.0)],
)
def test_a_crash_through_the_cloud_ends_a_position_at_once(opinion, trend, held, crash, dip):
    # one candle: the conversion line is not past the base line, but the close is past the cloud
    answer = opinion([*trend, crash], held)
    assert (answer.hold, answer.direction) == (False, Direction.FLAT)
    assert opinion([*trend, dip], held).hold


def test_confidence_is_the_distance_from_the_cloud_in_atr(opinion):
    # 69.5 above the cloud at an ATR of 3 is past the 6 ATR that count as certain
    assert opinion(RISE).confidence == 1.0
    wide = opinion(RISE, reach=10.0)  # ATR 22: cloud edge 1128.5, so 69.5 / 22 of 6
    assert wide.confidence == pytest.approx(0.55 + 0.45 * (69.5 / 22) / 6)


def test_one_candle_less_than_the_warm_up_is_no_opinion(opinion):
    needed = warm_up(DEFAULTS)
    assert needed == 52 + 26
    assert opinion(RISE[-needed + 1 :]).reason.startswith(f"{needed - 1} of {needed} closed 15m")
    assert opinion(RISE[-needed:]).direction is Direction.LONG


@pytest.mark.parametrize(
    ("periods", "message"),
    [
        ({"conversion_period": 26}, "conversion_period is 26, allowed is below base_period"),
        ({"base_period": 60}, "base_period is 60, allowed is below span_period"),
    ],
)
def test_periods_must_ascend(periods, message):
    with pytest.raises(InvalidRecord, match=message):
        IchimokuParameters(**periods)
