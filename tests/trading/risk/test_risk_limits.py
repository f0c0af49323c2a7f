"""Limits: their ranges, how they depend on each other, and what is derived from them."""

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest

from trading.errors import InvalidRecord
from trading.limit_ranges import LIMITS
from trading.limits import LIMIT_NAMES, RiskLimits

NUMBERS = [name for name, about in LIMITS.items() if about.allowed is not None]
OPTIONAL = {"max_order_ratio", "max_correlated_ratio"}


def typed(name: str, value: Any) -> Any:
    """The value in the type that the limit has."""
    kind = {field.name: str(field.type) for field in fields(RiskLimits)}[name]
    if "Decimal" in kind:
        return Decimal(str(value))
    return float(value) if "float" in kind else value


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_no_limit_can_be_nan_or_infinite(name: str, value: str):
    broken = Decimal(value) if "Decimal" in str(type(getattr(RiskLimits(), name))) else float(value)
    with pytest.raises(InvalidRecord, match=rf"^{name} is .*, allowed is "):
        RiskLimits(**{name: broken})


@pytest.mark.parametrize("name", NUMBERS)
def test_no_limit_can_be_outside_of_its_range_and_its_ends_are_as_said(name: str):
    allowed = LIMITS[name].allowed
    assert allowed is not None
    step = Decimal("0.0001") if "Decimal" in str(type(typed(name, 1))) else Decimal(1)
    for value in (allowed.low - step, allowed.high + step):
        with pytest.raises(InvalidRecord, match=f"allowed is {allowed.words}"):
            RiskLimits(**{name: typed(name, value)})
    assert allowed.holds(allowed.low) is not allowed.is_low_open
    assert allowed.holds(allowed.high) is not allowed.is_high_open


@pytest.mark.parametrize("name", NUMBERS)
def test_only_what_has_a_rule_of_its_own_may_be_left_out(name: str):
    if name in OPTIONAL:
        assert getattr(RiskLimits(**{name: None}), name) is None
        return
    with pytest.raises(InvalidRecord, match=f"{name} is None"):
        RiskLimits(**{name: None})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"leverage": 6}, r"leverage is 6, allowed is at most max_leverage \(5\)"),
        (
            {"min_position_ratio": Decimal("0.3")},
            r"min_position_ratio is 0.3, allowed is at most max_position_ratio \(0.20\)",
        ),
        (
            {"max_order_ratio": Decimal("0.005")},
            r"min_position_ratio is 0.01, allowed is at most max_order_ratio \(0.005\)",
        ),
        (
            {"max_correlated_ratio": Decimal("0.005")},
            r"min_position_ratio is 0.01, allowed is at most max_correlated_ratio \(0.005\)",
        ),
        (
            {"reduce_at_drawdown": Decimal("0.21")},
            r"reduce_at_drawdown is 0.21, allowed is at most halt_at_drawdown \(0.20\)",
        ),
    ],
)
def test_limits_that_contradict_each_other_are_refused(changes: dict[str, Any], sentence: str):
    with pytest.raises(InvalidRecord, match=sentence):
        RiskLimits(**changes)


def test_what_is_not_written_follows_the_largest_position():
    limits = RiskLimits(max_position_ratio=Decimal("0.1"))
    assert (limits.order_ratio, limits.correlated_ratio) == (Decimal("0.1"), Decimal("0.3"))
    written = replace(limits, max_order_ratio=Decimal("0.05"), max_correlated_ratio=Decimal("0.5"))
    assert (written.order_ratio, written.correlated_ratio) == (Decimal("0.05"), Decimal("0.5"))


@pytest.mark.parametrize(
    ("threshold", "margin", "needed"),
    [(0.5, 0.1, 0.6), (0.7, 0.1, 0.8), (0.95, 0.1, 1.0), (0.5, 0.0, 0.5), (0.0, 1.0, 1.0)],
)
def test_a_change_of_direction_needs_the_threshold_and_the_margin(
    threshold: float, margin: float, needed: float
):
    limits = RiskLimits(min_confidence=threshold, turn_confidence_margin=margin)
    assert limits.turn_confidence == needed


def test_everything_said_of_limits_is_said_of_limits_that_exist():
    assert tuple(LIMITS) == LIMIT_NAMES
    assert all(about.meaning and about.source for about in LIMITS.values())
