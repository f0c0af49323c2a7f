"""Keltner follows a close out of a leaning channel and lets go at its middle."""

import pytest

from trading.positions import Direction
from trading.strategies.keltner import KeltnerParameters, signal, warm_up
from trading.timeframes import Timeframe

DEFAULTS = KeltnerParameters()
CALM = [1000.0] * 60
"""With wicks of 1 on both sides: middle 1000, ATR 2, bands at 996 and 1004."""


@pytest.fixture
def opinion(candles, view):
    def ask(closes, held=Direction.FLAT, parameters=DEFAULTS, reach=1.0):
        made = candles(closes, Timeframe.M15, reach=reach)
        return signal(view(made, Timeframe.M15), parameters, held)

    return ask


@pytest.mark.parametrize(
    ("close", "direction", "stop", "target"),
    [
        # the candle of 1000 to 1010 reaches 999 to 1011: ATR = (9 x 2 + 12) / 10 = 3; its typical
        # price is 1006.6667, so the EMA moves 2/21 of the way: 1000.6349; bands at 994.6349 and
        # 1006.6349; the way to the other side is 15.3651
        (1010.0, Direction.LONG, 994.6, 1040.7),
        (990.0, Direction.SHORT, 1005.4, 959.3),
    ],
)
def test_a_breakout_has_its_stop_on_the_channels_other_side(
    opinion, close, direction, stop, target
):
    answer = opinion([*CALM, close])
    assert answer.direction is direction
    assert (float(answer.stop_price), float(answer.take_profit_price)) == (stop, target)
    # (1010 - 1006.6349) / 6 of a half channel past the band
    assert answer.confidence == pytest.approx(0.55 + 0.45 * 0.56085, abs=1e-4)


def test_inside_the_channel_nothing_is_opened(opinion):
    # the channel widens with the candle: 1003 closes inside of 996.5 to 1004.7
    answer = opinion([*CALM, 1003.0])
    assert answer.hold
    assert "no breakout" in answer.reason


@pytest.mark.parametrize(("slope_candles", "enters"), [(1, True), (12, False)])
def test_a_breakout_against_the_channels_slope_is_none(opinion, slope_candles, enters):
    # a jump after a fall: the middle has turned up in the last candle, but not against 12 ago
    closes = [1000.0 - index for index in range(60)] + [966.0]
    answer = opinion(closes, parameters=KeltnerParameters(slope_candles=slope_candles))
    assert answer.hold is not enters
    assert f"in {slope_candles} candles" in answer.reason


@pytest.mark.parametrize(
    ("held", "close", "ends"),
    [
        (Direction.LONG, 999.0, True),
        (Direction.LONG, 1001.0, False),
        (Direction.SHORT, 1001.0, True),
        (Direction.SHORT, 999.0, False),
    ],
)
def test_a_position_ends_when_a_close_crosses_the_middle(opinion, held, close, ends):
    answer = opinion([*CALM, close], held)
    assert answer.hold is not ends
    assert answer.direction is Direction.FLAT


def test_a_breakout_against_the_position_asks_for_the_other_side(opinion):
    assert opinion([*CALM, 1010.0], Direction.SHORT).direction is Direction.LONG


def test_a_motionless_market_has_no_channel(opinion):
    for held in Direction:
        assert opinion(CALM, held, reach=0.0).hold


def test_one_candle_less_than_the_warm_up_is_no_opinion(opinion):
    needed = warm_up(DEFAULTS)
    closes = [*CALM, 1010.0]
    assert opinion(closes[-needed + 1 :]).reason.startswith(f"{needed - 1} of {needed} closed 15m")
    assert opinion(closes[-needed:]).direction is Direction.LONG
