"""When the runtime leaves a position by itself, and which reason it names."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from trading.errors import InvalidRecord
from trading.exits.checks import ExitReason, ExitView, check_exit
from trading.exits.plan import ExitPlan
from trading.positions import Direction


@pytest.fixture
def view(open_position, noon):
    """A long from 100 with stop 95 and target 110 (a short the other way), one hour old."""

    def seen(price: str | None, *, short: bool = False, hours: float = 1, **plan) -> ExitView:
        levels = ("105", "90") if short else ("95", "110")
        return ExitView(
            plan=replace(
                ExitPlan(
                    symbol="BTCUSDT",
                    opened_at=noon,
                    direction=Direction.SHORT if short else Direction.LONG,
                    entry_price=Decimal(100),
                    stop_price=Decimal(levels[0]),
                    take_profit_price=Decimal(levels[1]),
                ),
                **plan,
            ),
            position=open_position("-2" if short else "2"),
            price=None if price is None else Decimal(price),
            at=noon + timedelta(hours=hours),
        )

    return seen


def reason(seen: ExitView) -> ExitReason | None:
    decision = check_exit(seen)
    return None if decision is None else decision.reason


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ("94.9", ExitReason.STOP),
        ("95", ExitReason.STOP),
        ("95.1", None),
        ("109.9", None),
        ("110", ExitReason.TARGET),
        ("300", ExitReason.TARGET),
    ],
)
def test_a_long_is_left_at_or_beyond_its_levels(view, price, expected):
    assert reason(view(price)) is expected


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ("105.1", ExitReason.STOP),
        ("105", ExitReason.STOP),
        ("104.9", None),
        ("90.1", None),
        ("90", ExitReason.TARGET),
    ],
)
def test_a_short_is_left_at_or_beyond_its_levels(view, price, expected):
    assert reason(view(price, short=True)) is expected


def test_a_position_lives_36_hours_and_no_longer(view):
    assert reason(view("100", hours=35.99)) is None
    decision = check_exit(view("100", hours=36))
    assert decision is not None
    assert decision.reason is ExitReason.TIME_TO_LIVE
    assert (
        decision.sentence == "The position has been open for 36.0 hours; the longest is 36.0 hours."
    )


def test_a_breached_stop_is_named_before_an_expired_life(view):
    assert reason(view("90", hours=40)) is ExitReason.STOP


@pytest.mark.parametrize("price", [None, "NaN", "0", "-1", "Infinity"])
def test_an_unknown_price_triggers_no_level_but_the_clock_still_runs(view, price):
    assert reason(view(price)) is None
    assert reason(view(price, hours=36)) is ExitReason.TIME_TO_LIVE


def test_a_benchmark_without_levels_and_life_is_never_left(view):
    bare = {"stop_price": None, "take_profit_price": None, "time_to_live": None}
    assert reason(view("1", hours=10_000, **bare)) is None


def test_the_plan_of_an_earlier_position_cannot_be_used_for_the_next_one(view, noon):
    with pytest.raises(InvalidRecord, match="make a plan for this position"):
        view("100", opened_at=noon - timedelta(hours=30))
    with pytest.raises(InvalidRecord, match="is not that of the long"):
        view("100", direction=Direction.SHORT)


@pytest.mark.parametrize(
    "broken",
    [
        {"direction": Direction.FLAT},
        {"stop_price": Decimal("NaN")},
        {"take_profit_price": Decimal(0)},
        {"time_to_live": timedelta(0)},
    ],
)
def test_a_plan_with_a_level_that_is_no_price_cannot_be_made(view, broken):
    with pytest.raises(InvalidRecord):
        view("100", **broken)
