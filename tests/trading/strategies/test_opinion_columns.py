"""Columns from conditions: no entry without numbers, entries before leaving unless told otherwise."""

from dataclasses import replace

import numpy as np
import pytest

from trading.positions import Direction
from trading.strategies.columns import Opinion, levels_around, never, opine, silent_before
from trading.strategies.opinions import speak
from trading.timeframes import Timeframe

YES, NO = np.array([True, True]), np.array([False, False])
ENTRY = Opinion(
    side=Direction.SHORT,
    leave_long=True,
    leave_short=False,
    stop=110.0,
    target=80.0,
    confidence=0.7,
    level=None,
    leave_first=False,
    adds_in_profit_only=False,
)


def columns(**changed):
    given = {
        "enter_long": YES,
        "enter_short": NO,
        "leave_long": NO,
        "leave_short": YES,
        "stop": np.array([1.0, 2.0]),
        "target": np.array([3.0, 4.0]),
        "confidence": np.array([0.6, 0.7]),
    }
    return opine(**(given | changed))


def test_an_entry_without_a_number_is_none():
    for name in ("stop", "target", "confidence"):
        side = columns(**{name: np.array([np.nan, 1.0])}).side
        assert side.tolist() == [0, 1]


def test_both_sides_at_once_are_no_entry_and_lose_their_levels():
    both = columns(enter_short=np.array([True, False]), level=np.array([0.5, 0.5]))
    assert both.side.tolist() == [0, 1]
    assert np.isnan([both.stop[0], both.target[0], both.confidence[0], both.level[0]]).all()
    assert both.row(1) == Opinion(
        side=Direction.LONG, leave_long=False, leave_short=True, stop=2.0, target=4.0,
        confidence=0.7, level=0.5, leave_first=False, adds_in_profit_only=False,
    )  # fmt: skip


def test_silence_before_the_warm_up_covers_everything():
    quiet = silent_before(columns(level=np.array([0.5, 0.5])), 2)
    assert quiet.side.tolist() == [0, 1]
    assert quiet.leave_short.tolist() == [False, True]
    assert np.isnan([quiet.stop[0], quiet.target[0], quiet.confidence[0], quiet.level[0]]).all()
    assert silent_before(columns(), 9).side.tolist() == [0, 0]
    assert silent_before(columns(), 0).side.tolist() == [1, 1]


def test_levels_lie_around_the_close_on_the_side_of_the_position():
    stop, target = levels_around(
        np.array([100.0, 100.0]), np.array([True, False]), stop=np.array([5.0, 5.0]),
        target=np.array([9.0, 9.0]),
    )  # fmt: skip
    assert stop.tolist() == [95.0, 105.0]
    assert target.tolist() == [109.0, 91.0]


def test_never_is_never():
    assert never(3).tolist() == [False, False, False]


@pytest.mark.parametrize(
    ("opinion", "held", "said"),
    [
        (ENTRY, Direction.FLAT, "enters"),
        (ENTRY, Direction.LONG, "enters"),  # close now, the other side later
        (replace(ENTRY, leave_first=True), Direction.LONG, "leaves"),
        (replace(ENTRY, side=Direction.FLAT), Direction.LONG, "leaves"),
        (replace(ENTRY, side=Direction.FLAT), Direction.SHORT, "waits"),
        (replace(ENTRY, side=Direction.FLAT), Direction.FLAT, "waits"),
        (replace(ENTRY, leave_short=True), Direction.SHORT, "enters"),
    ],
)
def test_a_row_says_one_of_three_things(candles, view, opinion, held, said):
    market = view(candles([100.0], Timeframe.M5), Timeframe.M5)
    answer = speak(market, opinion, held, enters="enters", leaves="leaves", waits="waits")
    assert answer.reason == said
    assert answer.hold is (said == "waits")
    assert (answer.direction is Direction.FLAT) is (said != "enters")
