"""Universal MACD measures in ratios: the same market at another price gives the same opinion."""

import pytest

from tests.trading.indicators.slow_channels import slow_average
from trading.errors import InvalidRecord
from trading.positions import Direction
from trading.strategies.universal_macd import UniversalMacdParameters, signal, warm_up
from trading.timeframes import Timeframe

DEFAULTS = UniversalMacdParameters()
RISE = [1000.0 * 1.001 ** max(0, index - 50) for index in range(90)]
FALL = [1000.0 * 0.999 ** max(0, index - 50) for index in range(90)]
TURN = [*RISE, *(RISE[-1] * 0.998**index for index in range(1, 16))]


@pytest.fixture
def opinion(candles, view):
    def ask(closes, held=Direction.FLAT, parameters=DEFAULTS, **shape):
        made = candles(closes, Timeframe.M15, **shape)
        return signal(view(made, Timeframe.M15), parameters, held)

    return ask


@pytest.mark.parametrize(("closes", "direction"), [(RISE, Direction.LONG), (FALL, Direction.SHORT)])
def test_it_follows_a_line_that_runs_away_from_its_signal(opinion, closes, direction):
    answer = opinion(closes)
    assert answer.direction is direction
    assert (float(answer.stop_price) - closes[-1]) * direction.sign < 0


def test_the_line_is_the_ratio_of_the_averages(opinion):
    fast, slow = (slow_average(RISE, period)[-1] for period in (12, 26))
    said = opinion(RISE).reason.split("line ")[1].split(",")[0]
    assert float(said) == pytest.approx(fast / slow - 1, abs=1.1e-5)


@pytest.mark.parametrize("scale", [0.05, 1.0, 60.0])
def test_the_price_level_does_not_matter(opinion, scale):
    answer = opinion([scale * close for close in RISE], reach=scale)
    assert answer.direction is Direction.LONG
    assert answer.confidence == pytest.approx(opinion(RISE, reach=1.0).confidence, abs=0.02)


def test_a_line_that_falls_back_to_its_signal_is_no_entry_and_no_end(opinion):
    pause = [*RISE, *([RISE[-1]] * 8)]
    assert opinion(pause).hold
    assert opinion(pause, Direction.LONG).hold


def test_a_change_of_sign_ends_the_position(opinion):
    answer = opinion(TURN[:-3], Direction.LONG)
    assert answer.direction is not Direction.LONG
    assert not answer.hold


def test_a_small_line_is_no_momentum(opinion):
    assert opinion([1000.0 + 0.01 * index for index in range(90)]).hold


def test_one_candle_less_than_the_warm_up_is_no_opinion(opinion):
    needed = warm_up(DEFAULTS)
    closes = RISE[40 : 40 + needed]
    assert opinion(closes[1:]).reason.startswith(f"{needed - 1} of {needed} closed 15m")
    assert opinion(closes).direction is Direction.LONG


def test_the_fast_average_must_be_faster():
    with pytest.raises(InvalidRecord, match="fast_period is 26, allowed is below slow_period"):
        UniversalMacdParameters(fast_period=26)
