"""When the runtime leaves a position by itself, and which reason it names."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from trading.errors import InvalidRecord
from trading.exit_settings import ExitSettings
from trading.exits.checks import EXIT_CHECKS, ExitReason, ExitView, check_exit
from trading.exits.invalidation.evaluate import Evaluation
from trading.exits.invalidation.parse import parse_condition
from trading.exits.plan import ExitPlan
from trading.exits.state import ExitState
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


PEAK_AT_110 = Decimal(110)
"""30 % at leverage 3; the pullback closes from 21 % down, which is a price of 107."""


@pytest.fixture
def peaked(view, noon):
    """The long of `view` without a target, with the best price it has seen."""

    def seen(price: str | None, best: Decimal = PEAK_AT_110, **changes) -> ExitView:
        now = view(price, take_profit_price=None)
        state = ExitState(
            key=now.plan.key,
            entry_price=Decimal(100),
            measured_from=noon,
            best_price=best,
            looked_at=noon,
        )
        return replace(now, **{"state": state, **changes})

    return seen


def holding(text: str, *, holds: bool | None = True) -> Evaluation:
    return Evaluation(
        condition=parse_condition(text), holds=holds, values="adx_14 on 1h 21.3", missing=()
    )


@pytest.mark.parametrize(
    ("price", "expected"), [("107.1", None), ("107", ExitReason.PULLBACK), (None, None)]
)
def test_a_position_that_gave_back_too_much_of_its_peak_is_left(peaked, price, expected):
    assert reason(peaked(price)) is expected


@pytest.mark.parametrize("leverage", [2, 10])
def test_row_21_the_same_path_of_prices_is_left_at_the_same_price_whatever_the_leverage(
    peaked, leverage
):
    at = {price: peaked(price) for price in ("107.1", "107")}
    found = {
        price: reason(replace(view, position=replace(view.position, leverage=leverage)))
        for price, view in at.items()
    }
    assert found == {"107.1": None, "107": ExitReason.PULLBACK}


def test_the_sentence_of_a_pullback_names_peak_profit_and_limit(peaked):
    decision = check_exit(peaked("106"))
    assert decision is not None
    assert decision.sentence == (
        "The leverage-adjusted profit fell from its peak of 30.0 % to 18.0 %;"
        " at most 30.0 % of a peak may be given back."
    )


def test_a_position_whose_peak_is_not_looked_at_is_never_left_for_a_pullback(peaked):
    assert reason(peaked("101", state=None)) is None
    assert reason(peaked("101", settings=ExitSettings(pullback=None))) is None


def test_a_condition_that_holds_ends_the_position_and_is_quoted(peaked):
    decision = check_exit(peaked("110", invalidations=(holding("adx < 25 on 1h"),)))
    assert decision is not None
    assert decision.reason is ExitReason.INVALIDATION
    assert decision.sentence == (
        "The reason for the position is gone: adx_14 < 25 on 1h (adx_14 on 1h 21.3)."
    )


@pytest.mark.parametrize("holds", [False, None])
def test_a_condition_that_does_not_hold_or_is_not_known_ends_nothing(peaked, holds):
    assert reason(peaked("110", invalidations=(holding("adx < 25", holds=holds),))) is None


def test_one_condition_of_several_is_enough(peaked):
    several = (holding("adx < 25", holds=None), holding("adx < 26"))
    assert reason(peaked("110", invalidations=several)) is ExitReason.INVALIDATION


def test_the_first_exit_wins_in_the_visible_order(peaked, noon):
    everything = peaked(
        "94",
        invalidations=(holding("adx < 25"),),
        at=noon + timedelta(hours=40),
        plan=replace(peaked("94").plan, take_profit_price=Decimal(90)),
    )
    met = [check(everything) for check in EXIT_CHECKS]
    reasons = [None if each is None else each.reason for each in met]
    assert reasons == list(ExitReason)
    assert check_exit(everything) == met[0]


def test_the_state_of_another_position_cannot_be_used(peaked, noon):
    other = replace(peaked("100").state.key, opened_at=noon - timedelta(hours=1))
    with pytest.raises(InvalidRecord, match="look at it first"):
        peaked("100", state=replace(peaked("100").state, key=other))
