"""The volatility system rides breakouts and asks for one part more with each further one."""

from decimal import Decimal

import numpy as np
import pytest
import talib
from hypothesis import given, settings

from tests.trading.strategies.breakout_markets import MARKETS, RULES, market
from tests.trading.strategies.conftest import make_candles, make_view
from trading.positions import Direction
from trading.strategies.recent_candles import recent_candles
from trading.strategies.volatility_system import (
    VolatilitySystemParameters,
    opinions,
    signal,
    warm_up,
)
from trading.timeframes import Timeframe

DEFAULTS = VolatilitySystemParameters()
M15 = Timeframe.M15
CALM = [1000.0] * 120
"""With wicks of 1 on both sides ATR is 2, so a breakout is a move of more than 3."""
RAMP = [*([990.0] * 100), *(990.0 + 0.5 * (index + 1) for index in range(20)), 1004.0]
"""A breakout over lower closes of the same campaign: a fall from it is no new low yet."""


@pytest.fixture
def opinion(candles, view):
    def ask(closes, held=Direction.FLAT, parameters=DEFAULTS, reach=1.0):
        made = candles(closes, M15, reach=reach)
        return signal(view(made, M15), parameters, held)

    return ask


def read(closes, reach=1.0):
    return recent_candles(make_view(make_candles(closes, M15, reach=reach), M15), M15, 10_000)


@pytest.mark.parametrize(
    ("close", "direction", "stop", "target"),
    [
        # the candle of 1000 to 1004 reaches 999 to 1005: ATR = (13 x 2 + 6) / 14 = 2.2857
        (1004.0, Direction.LONG, "997.1", "1031.4"),
        (996.0, Direction.SHORT, "1002.9", "968.6"),
    ],
)
def test_a_breakout_opens_the_first_part_with_a_trailing_stop(
    opinion, close, direction, stop, target
):
    answer = opinion([*CALM, close])
    assert answer.direction is direction
    assert answer.weight == pytest.approx(1 / 3)
    assert answer.scales_in
    assert answer.adds_in_profit_only
    assert (answer.stop_price, answer.take_profit_price) == (Decimal(stop), Decimal(target))


def test_a_move_of_just_the_threshold_is_no_breakout(opinion):
    assert opinion([*CALM, 1003.0]).hold  # 3.0 is 1.5 ATR of 2, not more
    assert opinion([*CALM, 1003.1]).direction is Direction.LONG


def test_the_size_of_a_move_is_judged_by_the_volatility_before_it(opinion):
    # the candle itself would raise ATR to 2.29 and its own threshold to 3.43
    assert opinion([*CALM, 1003.3]).direction is Direction.LONG


def test_a_jump_inside_the_range_of_the_campaign_is_no_breakout(opinion):
    fallen = [*CALM[:-5], 1002.0, 1000.0, 998.0, 996.5, 995.0]
    assert opinion([*fallen, 999.5]).hold
    assert opinion([*fallen, 1003.0]).direction is Direction.LONG


def test_each_further_breakout_adds_one_part_up_to_all_of_them(opinion):
    weights = []
    closes = list(CALM)
    for _ in range(5):
        closes.append(closes[-1] + 10.0)
        weights.append(round(opinion(closes, reach=1.0).weight * 3))
        closes += [closes[-1]] * 8  # calm again, so that ten is a breakout once more
    assert weights == [1, 2, 3, 3, 3]


def test_between_breakouts_the_share_stays_whatever_the_price_does(opinion):
    closes = [*CALM, 1004.0]
    for close in (1006.0, 1007.5, 1006.0, 1003.0):
        closes.append(close)
        answer = opinion(closes, Direction.LONG)
        assert answer.weight == pytest.approx(1 / 3)
        assert answer.confidence == 0.9


def test_the_stop_trails_the_best_close_and_never_the_present_one(opinion):
    up = opinion([*CALM, 1004.0, 1010.0], Direction.LONG)
    back = opinion([*CALM, 1004.0, 1010.0, 1007.0], Direction.LONG)
    # true ranges 6, 8, 5 after a long time of 2
    first = (13 * (13 * 2 + 6) / 14 + 8) / 14
    second = (13 * first + 5) / 14
    assert float(up.stop_price) == pytest.approx(1010 - 3 * first, abs=0.05)
    assert float(back.stop_price) == pytest.approx(1010 - 3 * second, abs=0.05)


def test_a_fall_of_three_atr_from_the_best_close_ends_it(opinion):
    # the ATR of 997 is 3.10 and that of 993 3.38: falls of 2.3 and 3.3 ATR
    assert opinion([*RAMP, 997.0], Direction.LONG).direction is Direction.LONG
    answer = opinion([*RAMP, 993.0], Direction.LONG)
    assert (answer.hold, answer.direction) == (False, Direction.FLAT)
    assert "failed or run out" in answer.reason


def test_what_has_failed_stays_closed_until_the_next_breakout(opinion):
    failed = [*RAMP, 993.0, 1000.0]
    assert opinion(failed).hold
    assert opinion(failed, Direction.LONG).direction is Direction.FLAT
    assert opinion([*failed, 1004.0]).hold  # as high as before is not beyond it
    assert opinion([*failed, 1012.0]).weight == pytest.approx(1 / 3)


def test_without_a_new_breakout_a_campaign_runs_out(opinion):
    after = [*CALM, 1004.0]
    assert opinion([*after, *[1004.0] * 47], Direction.LONG).direction is Direction.LONG
    answer = opinion([*after, *[1004.0] * 48], Direction.LONG)
    assert (answer.hold, answer.direction) == (False, Direction.FLAT)


def test_a_breakout_against_the_position_asks_for_the_other_side_with_one_part(opinion):
    closes = [*CALM, 1004.0, 1010.0, 985.0]
    answer = opinion(closes, Direction.LONG)
    assert answer.direction is Direction.SHORT
    assert answer.weight == pytest.approx(1 / 3)


def test_a_motionless_market_has_no_breakouts(opinion):
    assert opinion(CALM, reach=0.0).hold
    assert opinion([*CALM, 1001.0], reach=0.0).hold  # any move is endlessly many ATR of 0
    assert opinion([*CALM, 999.0], reach=0.0).hold


def test_one_candle_less_than_the_warm_up_is_no_opinion(opinion):
    needed = warm_up(DEFAULTS)
    assert needed == 48 + 48
    closes = [*CALM, 1004.0]
    assert opinion(closes[-needed + 1 :]).reason.startswith(f"{needed - 1} of {needed} closed 15m")
    assert opinion(closes[-needed:]).direction is Direction.LONG
    assert warm_up(VolatilitySystemParameters(atr_period=100, campaign_candles=4)) == 4 + 101


@settings(deadline=None)
@given(shape=MARKETS, rule=RULES)
def test_parts_are_the_breakouts_of_a_campaign_told_in_plain_words(shape, rule):
    candles = read(market(**shape))
    columns = opinions(candles, rule)
    first = warm_up(rule) - 1
    expected = [told(candles, at, rule) for at in range(first, len(candles), 7)]
    found = [
        int(columns.side[at]) * round(np.nan_to_num(columns.level[at]) * rule.parts)
        for at in range(first, len(candles), 7)
    ]
    assert found == expected
    assert not columns.side[:first].any()


def told(candles, at, rule):
    """Parts at a candle, signed, from the last candles one after the other."""
    closes, length = candles.closes, rule.campaign_candles
    reach = talib.ATR(candles.highs, candles.lows, closes, timeperiod=rule.atr_period)
    parts = 0
    for each in range(at - length + 1, at + 1):
        last, before = closes[each - length + 1 : each + 1], closes[each - length : each]
        move = closes[each] - closes[each - 1]
        bar = rule.breakout_atr * reach[each - 1]
        room = rule.trail_atr * reach[each]
        if move > bar and closes[each] > before.max():
            parts = max(parts, 0) + 1
        elif -move > bar and closes[each] < before.min():
            parts = min(parts, 0) - 1
        if (parts > 0 and closes[each] < last.max() - room) or (
            parts < 0 and closes[each] > last.min() + room
        ):
            parts = 0
    return int(np.sign(parts)) * min(abs(parts), rule.parts)


@settings(deadline=None)
@given(shape=MARKETS, rule=RULES)
def test_the_share_is_never_above_one_and_grows_only_at_a_better_close(shape, rule):
    candles = read(market(**shape))
    columns = opinions(candles, rule)
    level = np.nan_to_num(columns.level)
    assert ((level >= 0.0) & (level <= 1.0)).all()
    best = 0.0
    for at in range(1, len(candles)):
        side = int(columns.side[at])
        if side == 0 or side != columns.side[at - 1]:
            best = side * candles.closes[at]
            continue
        if level[at] > level[at - 1]:
            assert side * candles.closes[at] > best
        best = max(best, side * candles.closes[at])
