"""Multi SuperTrend enters on three votes and leaves on two against."""

import pytest

from tests.trading.indicators.slow_channels import slow_supertrend
from trading.positions import Direction
from trading.strategies.multi_supertrend import MultiSupertrendParameters, signal, warm_up
from trading.strategies.recent_candles import recent_candles
from trading.timeframes import Timeframe

DEFAULTS = MultiSupertrendParameters()
FALL_AND_RISE = [
    *(1000.0 - 2 * index for index in range(60)),
    *(882.0 + 3 * index for index in range(60)),
]
RISE_AND_FALL = [2000.0 - close for close in FALL_AND_RISE]


@pytest.fixture
def market(candles, view):
    return lambda closes: view(candles(closes, Timeframe.M15), Timeframe.M15)


@pytest.fixture
def opinion(market):
    def ask(closes, held=Direction.FLAT, parameters=DEFAULTS):
        return signal(market(closes), parameters, held)

    return ask


@pytest.mark.parametrize(
    ("closes", "direction"), [(FALL_AND_RISE, Direction.LONG), (RISE_AND_FALL, Direction.SHORT)]
)
def test_three_of_three_enter(opinion, closes, direction):
    answer = opinion(closes)
    assert answer.direction is direction
    assert answer.reason.split(": ")[1].startswith("3 of 3" if direction.sign > 0 else "0 of 3")


def test_votes_are_those_of_three_supertrends(opinion, market):
    settings = ((10, 1.5), (11, 3.0), (12, 4.5))
    seen = set()
    for until in range(58, 76):  # around the turn
        read = recent_candles(market(FALL_AND_RISE[:until]), Timeframe.M15, 400)
        ups = sum(
            slow_supertrend(read.highs, read.lows, read.closes, period, multiple)[1][-1] > 0
            for period, multiple in settings
        )
        seen.add(ups)
        answer = opinion(FALL_AND_RISE[:until])
        assert f"{ups} of 3 SuperTrends are up" in answer.reason
        assert answer.hold is (ups in (1, 2))
    assert len(seen) >= 3


def test_two_against_the_position_end_it_and_one_does_not(opinion):
    one = next(n for n in range(60, 90) if "1 of 3" in opinion(FALL_AND_RISE[:n]).reason)
    assert opinion(FALL_AND_RISE[:one], Direction.SHORT).hold
    two = next(n for n in range(60, 90) if "2 of 3" in opinion(FALL_AND_RISE[:n]).reason)
    left = opinion(FALL_AND_RISE[:two], Direction.SHORT)
    assert not left.hold
    assert left.direction is Direction.FLAT


def test_the_stop_lies_on_the_widest_line(opinion, market):
    read = recent_candles(market(FALL_AND_RISE), Timeframe.M15, 400)
    line, _ = slow_supertrend(read.highs, read.lows, read.closes, 12, 4.5)
    answer = opinion(FALL_AND_RISE)
    assert float(answer.stop_price) == pytest.approx(line[-1], abs=0.06)
    distance = FALL_AND_RISE[-1] - line[-1]
    assert float(answer.take_profit_price) == pytest.approx(
        FALL_AND_RISE[-1] + 2 * distance, abs=0.06
    )


def test_one_candle_less_than_the_warm_up_is_no_opinion(opinion):
    needed = warm_up(DEFAULTS)
    rise = FALL_AND_RISE[60:]
    assert opinion(rise[: needed - 1]).reason.startswith(f"{needed - 1} of {needed} closed 15m")
    assert opinion(rise[:needed]).direction is Direction.LONG
