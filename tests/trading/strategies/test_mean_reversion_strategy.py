"""Mean reversion trades against extremes that are wide enough to pay, back to the middle."""

import numpy as np
import pytest

from trading.positions import Direction
from trading.strategies.mean_reversion import MeanReversionParameters, signal, warm_up
from trading.timeframes import Timeframe

DEFAULTS = MeanReversionParameters()
CALM = [1000.0 + (index % 2) for index in range(100)]
DROP = [*CALM, 998.0, 994.0, 988.0]
JUMP = [*CALM, 1003.0, 1007.0, 1013.0]


@pytest.fixture
def opinion(candles, view):
    def ask(closes, held=Direction.FLAT, parameters=DEFAULTS, **shape):
        return signal(view(candles(closes, Timeframe.M5, **shape), Timeframe.M5), parameters, held)

    return ask


@pytest.mark.parametrize(("closes", "direction"), [(DROP, Direction.LONG), (JUMP, Direction.SHORT)])
def test_an_extreme_is_traded_back_to_the_mean_of_the_band(opinion, closes, direction):
    answer = opinion(closes)
    assert answer.direction is direction
    assert float(answer.take_profit_price) == pytest.approx(np.mean(closes[-48:]), abs=0.05)
    assert (float(answer.stop_price) - closes[-1]) * direction.sign < 0
    assert answer.confidence > 0.55


def test_an_ordinary_close_gives_no_opinion(opinion):
    assert opinion(CALM).hold


def test_the_way_back_must_pay_the_costs(opinion):
    narrow = [1000.0 + 0.1 * (index % 2) for index in range(100)] + [999.8, 999.4, 998.9]
    assert opinion(narrow).hold
    cheap = MeanReversionParameters(min_target_ratio=0.0005)
    assert opinion(narrow, parameters=cheap).direction is Direction.LONG


@pytest.mark.parametrize(
    ("held", "close", "ends"),
    [
        (Direction.LONG, 1001.0, True),
        (Direction.LONG, 999.0, False),
        (Direction.SHORT, 999.0, True),
        (Direction.SHORT, 1001.0, False),
    ],
)
def test_the_position_ends_at_the_middle_band(opinion, held, close, ends):
    answer = opinion([*CALM, close], held)
    assert answer.hold is not ends
    assert answer.direction is Direction.FLAT


def test_the_opposite_extreme_asks_for_the_other_side(opinion):
    assert opinion(JUMP, Direction.LONG).direction is Direction.SHORT


def test_one_candle_less_than_the_warm_up_is_no_opinion(opinion):
    needed = warm_up(DEFAULTS)
    assert opinion(DROP[-needed + 1 :]).reason.startswith(f"{needed - 1} of {needed} closed 5m")
    assert opinion(DROP[-needed:]).direction is Direction.LONG


def test_silence_is_not_taken_for_oversold(opinion):
    # TA-Lib's RSI of a motionless market is 0 and its bands have no width
    assert opinion(
        [100.0] * 120, reach=0.0, parameters=MeanReversionParameters(min_target_ratio=0.0)
    ).hold
