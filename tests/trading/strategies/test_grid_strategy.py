"""The grid holds k of n parts at its k-th level, gives all back at the centre, and knows its end."""

from decimal import Decimal

import pytest

from trading.positions import Direction
from trading.strategies.grid import GridParameters, signal, warm_up
from trading.timeframes import Timeframe

DEFAULTS = GridParameters()
CALM = [1000.0] * 60
"""With wicks of 5 on both sides, ATR is 10 and a level 7.5."""


@pytest.fixture
def opinion(candles, view):
    def ask(closes, held=Direction.FLAT, parameters=DEFAULTS, reach=5.0):
        made = candles(closes, Timeframe.H1, reach=reach)
        return signal(view(made, Timeframe.H1), parameters, held)

    return ask


def test_levels_and_weight_of_a_fall_are_those_worked_out_by_hand(opinion):
    # last candle: 1005 to 975, so ATR = (13 x 10 + 30) / 14 = 11.4286, a level = 8.5714,
    # centre = (23 x 1000 + 980) / 24 = 999.1667; 980 is 2.236 levels below it
    answer = opinion([*CALM, 980.0])
    assert answer.direction is Direction.LONG
    assert answer.weight == 0.5
    assert answer.scales_in
    assert answer.take_profit_price == Decimal("999.2")
    assert answer.stop_price == Decimal("947.7")  # 6 levels below the centre


def test_above_the_centre_it_is_short_with_mirrored_levels(opinion):
    answer = opinion([*CALM, 1020.0])
    assert answer.direction is Direction.SHORT
    assert answer.weight == 0.5
    assert answer.take_profit_price == Decimal("1000.8")
    assert answer.stop_price == Decimal("1052.3")


def test_each_further_level_asks_for_one_more_part(opinion):
    weights = [opinion([*CALM, 1000.0 - fall]).weight for fall in (12, 20, 32, 48)]
    assert weights == [0.25, 0.5, 0.75, 1.0]


def test_before_the_first_level_nothing_is_opened(opinion):
    assert opinion([*CALM, 995.0]).hold


@pytest.mark.parametrize(
    ("held", "close"),
    [(Direction.LONG, 1001.0), (Direction.SHORT, 999.0), (Direction.LONG, 1030.0)],
)
def test_at_or_past_the_centre_everything_is_given_back(opinion, held, close):
    answer = opinion([*CALM, close], held)
    assert not answer.hold
    assert answer.direction is Direction.FLAT


def test_a_position_stays_while_the_price_is_on_its_side_of_the_centre(opinion):
    assert opinion([*CALM, 998.0], Direction.LONG).hold


def test_a_broken_range_is_left_and_not_entered(opinion):
    # last candle: 1005 to 926, so ATR = 14.93, a level = 11.20, centre = 997.1: 5.9 levels away,
    # where the stop (6 levels) would still fit
    broken = [*CALM, 931.0]
    for held, hold in ((Direction.FLAT, True), (Direction.LONG, False)):
        answer = opinion(broken, held)
        assert answer.hold is hold
        assert answer.direction is Direction.FLAT
        assert answer.reason.startswith("range is broken")


def test_one_candle_less_than_the_warm_up_is_no_opinion(opinion):
    needed = warm_up(DEFAULTS)
    closes = [*CALM, 980.0]
    assert opinion(closes[-needed + 1 :]).reason.startswith(f"{needed - 1} of {needed} closed 1h")
    assert opinion(closes[-needed:]).direction is Direction.LONG


def test_a_motionless_market_has_no_levels(opinion):
    assert opinion(CALM, reach=0.0).hold
