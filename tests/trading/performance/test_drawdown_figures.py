"""Drawdown: how deep, from when, to when, over or not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.performance.figure_builders import DAY, START, daily, readings
from trading.performance.drawdown import compute_drawdown

MONEY = st.decimals("0.01", "1000000", places=2)


def days_of(drawdown):
    instants = (drawdown.peak_at, drawdown.bottom_at, drawdown.recovered_at)
    return tuple(None if at is None else (at - START) / DAY for at in instants)


def test_the_deepest_fall_has_its_peak_its_bottom_and_its_recovery():
    drawdown = compute_drawdown(daily(100, 120, 120, 108, 96, 110, 119, 120, 150))
    assert drawdown.depth == pytest.approx(0.2)
    assert days_of(drawdown) == (2, 4, 7)  # from the last day at the peak until back at it
    assert drawdown.current == 0.0


def test_a_fall_that_is_not_over_has_no_recovery_and_shows_in_the_current_drawdown():
    drawdown = compute_drawdown(daily(100, 80, 90))
    assert (drawdown.depth, drawdown.current) == (pytest.approx(0.2), pytest.approx(0.1))
    assert days_of(drawdown) == (0, 1, None)


def test_the_deeper_of_two_falls_is_told_and_the_first_of_two_equal_ones():
    assert days_of(compute_drawdown(daily(100, 90, 100, 50, 100, 90))) == (2, 3, 4)
    assert days_of(compute_drawdown(daily(100, 50, 100, 50, 100))) == (0, 1, 2)


def test_the_starting_equity_is_the_first_peak():
    assert compute_drawdown(daily(10_000, 7_500)).depth == 0.25


def test_equity_that_never_fell_has_no_peak_and_no_bottom():
    drawdown = compute_drawdown(daily(100, 100, 110))
    assert (drawdown.depth, drawdown.current) == (0.0, 0.0)
    assert days_of(drawdown) == (None, None, None)


def test_a_missing_reading_is_no_fall_to_zero():
    assert compute_drawdown(readings((0, "100"), (1, "101"), (4, "102"))).depth == 0.0


def test_an_account_that_lost_everything_has_drawn_down_all_of_it_and_not_more():
    drawdown = compute_drawdown(daily(100, -5))
    assert (drawdown.depth, drawdown.current) == (1.0, 1.0)


def test_a_withdrawal_is_no_fall():
    assert compute_drawdown(readings((0, "100"), (1, "40", "-60"), (2, "36", "-60"))).depth == (
        pytest.approx(0.1)
    )


def test_without_readings_or_money_there_is_no_drawdown():
    assert compute_drawdown([]) is None
    assert compute_drawdown(daily(0, 10)) is None
    assert compute_drawdown(daily(-1)) is None


@given(st.lists(MONEY, min_size=1, max_size=30))
def test_the_drawdown_lies_between_zero_and_one_and_equals_numpys(path):
    equity = np.array([float(amount) for amount in path])
    falls = 1 - equity / np.maximum.accumulate(equity)
    drawdown = compute_drawdown(daily(*path))
    assert 0.0 <= drawdown.depth <= 1.0
    assert drawdown.depth == pytest.approx(falls.max(), abs=1e-12)
    assert drawdown.current == pytest.approx(falls[-1], abs=1e-12)


@given(st.lists(MONEY, min_size=2, max_size=30))
def test_peak_bottom_and_recovery_are_readings_of_the_fall_they_tell_of(path):
    drawdown = compute_drawdown(daily(*path))
    peak, bottom, back = days_of(drawdown)
    if peak is None:
        assert drawdown.depth == 0.0
        return
    peak, bottom = int(peak), int(bottom)
    assert peak < bottom
    assert float(1 - path[bottom] / path[peak]) == pytest.approx(drawdown.depth, abs=1e-12)
    assert path[peak] == max(path[: bottom + 1])
    after = [day for day in range(bottom + 1, len(path)) if path[day] >= path[peak]]
    assert back == (after[0] if after else None)
