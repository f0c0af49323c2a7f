"""Value at risk: level, sign, and how many days it takes to say anything."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.errors import InvalidRecord
from trading.performance.tail_risk import (
    compute_conditional_value_at_risk,
    compute_value_at_risk,
)

BOTH = (compute_value_at_risk, compute_conditional_value_at_risk)
HAND = [0.001 * n for n in range(-10, 31)]  # 41 days: the 5 % point is the third worst


def test_by_hand():
    assert compute_value_at_risk(HAND) == pytest.approx(0.008)
    assert compute_conditional_value_at_risk(HAND) == pytest.approx((0.010 + 0.009 + 0.008) / 3)


def test_a_bad_day_that_earned_is_a_negative_loss():
    assert compute_value_at_risk([value + 0.02 for value in HAND]) == pytest.approx(-0.012)


@pytest.mark.parametrize(("level", "days"), [(0.95, 20), (0.9, 10), (0.99, 100), (0.5, 2)])
def test_it_takes_as_many_days_as_give_one_in_the_tail(level, days):
    for figure in BOTH:
        assert figure([-0.01] * (days - 1), level=level) is None
        assert figure([-0.01] * days, level=level) == pytest.approx(0.01)


@pytest.mark.parametrize("level", [0.0, 1.0, -1.0, 95.0, math.nan])
def test_a_level_that_is_no_share_is_refused(level):
    for figure in BOTH:
        with pytest.raises(InvalidRecord, match="between 0 and 1"):
            figure(HAND, level=level)


def test_the_noise_of_a_level_in_binary_drops_no_day_from_the_tail():
    # 10 x (1 - 0.9) is 0.9999999999999998
    returns = [-0.1, -0.05, *[0.01] * 9]
    assert compute_conditional_value_at_risk(returns, level=0.9) == pytest.approx(0.075)


def test_a_return_that_is_no_number_makes_them_undefined():
    for figure in BOTH:
        assert figure([*HAND, math.nan]) is None


@given(st.integers(0, 10**6), st.integers(100, 200))
def test_the_mean_of_the_tail_is_no_smaller_than_its_edge_and_both_grow_with_the_level(seed, days):
    returns = np.random.default_rng(seed).normal(0.0, 0.02, days).tolist()
    edges = [compute_value_at_risk(returns, level=level) for level in (0.9, 0.95, 0.99)]
    means = [compute_conditional_value_at_risk(returns, level=level) for level in (0.9, 0.95, 0.99)]
    assert edges == sorted(edges)
    assert all(mean <= later + 1e-12 for mean, later in itertools.pairwise(means))
    assert all(m >= e - 1e-12 for m, e in zip(means, edges, strict=True))
