"""From confidence to ratio and from notional to quantity."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import BTC, bracket
from trading.limits import RiskLimits
from trading.risk.sizing import largest_quantity, quantity_for, size_ratio

LIMITS = RiskLimits()
INSTRUMENT = replace(
    BTC, max_market_quantity=Decimal("120.0005"), brackets=(bracket(0, 125, "0.004"),)
)
POWERS = st.sampled_from([Decimal(10) ** n for n in range(-6, 3)])


@pytest.mark.parametrize(
    ("confidence", "ratio"),
    [
        (0.5, "0.01"),  # at the threshold: the minimum
        (0.55, "0.02"),
        (0.75, "0.1"),
        (1.0, "0.2"),
    ],
)
def test_the_ratio_grows_linearly_from_the_minimum_to_the_maximum(confidence: float, ratio: str):
    assert size_ratio(confidence, LIMITS) == Decimal(ratio)


@pytest.mark.parametrize(
    "confidence", [0.4999, 0.0, -1.0, float("nan"), float("inf"), float("-inf"), 1.0001, 75.0]
)
def test_no_confidence_and_low_confidence_are_no_trade(confidence: float):
    assert size_ratio(confidence, LIMITS) is None


def test_a_numpy_confidence_sizes_like_a_python_one():
    assert size_ratio(np.float64(0.75), LIMITS) == size_ratio(0.75, LIMITS)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.99))
def test_more_confidence_never_sizes_smaller_and_stays_inside_the_limits(
    one: float, other: float, threshold: float
):
    limits = replace(LIMITS, min_confidence=threshold)
    low, high = (size_ratio(value, limits) for value in sorted((one, other)))
    if low is not None:
        assert high is not None
        assert limits.min_position_ratio <= low <= high <= limits.max_position_ratio


def test_a_thousand_dollars_at_45000_is_0_022_btc():
    assert quantity_for(Decimal(1000), Decimal(45000), INSTRUMENT) == Decimal("0.022")


def test_under_the_minimum_notional_is_no_order():
    assert quantity_for(Decimal("4.99"), Decimal(1000), INSTRUMENT) == 0


def test_under_the_minimum_quantity_is_no_order():
    assert quantity_for(Decimal(99), Decimal(100_000), INSTRUMENT) == 0


def test_a_quantity_is_cut_at_the_largest_market_order_on_its_step():
    assert largest_quantity(INSTRUMENT) == Decimal("120.000")
    assert quantity_for(Decimal("1E+40"), Decimal(100), INSTRUMENT) == Decimal("120.000")


def test_a_market_maximum_of_zero_means_that_the_plain_maximum_counts():
    assert largest_quantity(replace(INSTRUMENT, max_market_quantity=Decimal(0))) == Decimal(1000)


@pytest.mark.parametrize("bad", ["NaN", "sNaN", "Infinity", "-Infinity", "0", "-5"])
def test_broken_money_is_no_order(bad: str):
    assert quantity_for(Decimal(bad), Decimal(100), INSTRUMENT) == 0
    assert quantity_for(Decimal(1000), Decimal(bad), INSTRUMENT) == 0


def test_a_notional_a_hair_under_one_step_is_not_rounded_up_to_it():
    # notional / price rounds to exactly 0.001 at 28 digits
    notional = Decimal("99.99999999999999999999999999999999")
    assert quantity_for(notional, Decimal(100_000), INSTRUMENT) == 0


@given(
    notional=st.decimals("0.00000001", "10000000", places=8),
    price=st.decimals("0.0001", "200000", places=4),
    step=POWERS,
    min_quantity=POWERS,
    min_notional=st.sampled_from([Decimal(0), Decimal(1), Decimal(5), Decimal(100)]),
)
def test_the_quantity_is_the_largest_step_multiple_that_is_affordable_or_zero(
    notional: Decimal, price: Decimal, step: Decimal, min_quantity: Decimal, min_notional: Decimal
):
    instrument = replace(
        INSTRUMENT,
        step_size=step,
        min_quantity=min_quantity,
        min_notional=min_notional,
        max_quantity=Decimal("1E+15"),
        max_market_quantity=Decimal("1E+15"),
    )
    quantity = quantity_for(notional, price, instrument)
    assert quantity * price <= notional
    assert quantity % step == 0
    if quantity == 0:
        largest = notional // (price * step) * step
        assert largest < min_quantity or largest * price < min_notional or largest == 0
    else:
        assert quantity >= min_quantity
        assert quantity * price >= min_notional
        assert (quantity + step) * price > notional


def test_market_orders_have_a_step_and_a_smallest_quantity_of_their_own():
    coarse = replace(INSTRUMENT, market_step_size=Decimal("0.01"))
    assert quantity_for(Decimal(1999), Decimal(45000), coarse) == Decimal("0.04")
    assert largest_quantity(coarse) == Decimal("120.00")
    large = replace(INSTRUMENT, min_market_quantity=Decimal("0.05"))
    assert quantity_for(Decimal(2249), Decimal(45000), large) == 0
    assert quantity_for(Decimal(2250), Decimal(45000), large) == Decimal("0.05")
