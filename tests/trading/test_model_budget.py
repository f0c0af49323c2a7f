"""What an account may still ask of a model today: counting that never flatters."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.errors import InvalidRecord
from trading.model_budget import (
    BudgetExhausted,
    Ceiling,
    DayOfModel,
    ModelBudget,
    ModelUse,
    UnknownCost,
    add_use,
    check_budget,
    day_of,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = date(2026, 3, 1)
NEXT = ModelUse(at=NOON)


def spent(**what: object) -> DayOfModel:
    return DayOfModel(day=DAY, **what)


def test_without_limits_everything_is_allowed() -> None:
    much = spent(calls=10**6, tokens=10**9, money=Decimal(10**6), unknown_money=10**6)
    assert check_budget(ModelBudget(), much, NEXT) is None


@pytest.mark.parametrize(
    ("budget", "day", "ceiling"),
    [
        (ModelBudget(calls=3), spent(calls=3), Ceiling.CALLS),
        (ModelBudget(calls=0), spent(), Ceiling.CALLS),
        (ModelBudget(tokens=1000), spent(tokens=1000), Ceiling.TOKENS),
        (ModelBudget(money=Decimal(2)), spent(money=Decimal(2)), Ceiling.MONEY),
        (ModelBudget(money=Decimal(0)), spent(), Ceiling.MONEY),
    ],
)
def test_a_limit_that_is_reached_ends_the_day(
    budget: ModelBudget, day: DayOfModel, ceiling: Ceiling
) -> None:
    verdict = check_budget(budget, day, NEXT)
    assert isinstance(verdict, BudgetExhausted)
    assert verdict.ceiling is ceiling
    assert "midnight UTC" in verdict.sentence


def test_what_is_expected_must_fit_as_well() -> None:
    budget, day = ModelBudget(money=Decimal(1)), spent(money=Decimal("0.95"))
    dear = ModelUse(at=NOON, money=Decimal("0.06"))
    cheap = ModelUse(at=NOON, money=Decimal("0.05"))
    refused = check_budget(budget, day, dear)
    assert isinstance(refused, BudgetExhausted)
    assert (refused.limit, refused.actual) == (1, Decimal("1.01"))
    assert refused.sentence.startswith(
        "the model budget of this UTC day is used up: with this call 1.01 of 1 USD"
    )
    assert check_budget(budget, day, cheap) is None


def test_an_unknown_price_counts_as_the_assumed_one() -> None:
    budget = ModelBudget(money=Decimal(1), assumed_money=Decimal("0.4"))
    assert check_budget(budget, spent(calls=2, unknown_money=2), NEXT) is None
    assert isinstance(check_budget(budget, spent(calls=3, unknown_money=3), NEXT), BudgetExhausted)


def test_unknown_tokens_count_as_the_assumed_ones() -> None:
    budget = ModelBudget(tokens=1000, assumed_tokens=600)
    assert check_budget(budget, spent(unknown_tokens=1), NEXT) is None
    assert isinstance(check_budget(budget, spent(unknown_tokens=2), NEXT), BudgetExhausted)


def test_an_unknown_price_stops_the_day_where_that_is_set() -> None:
    budget = ModelBudget(money=Decimal(100), unknown_cost=UnknownCost.STOP)
    verdict = check_budget(budget, spent(calls=1, unknown_money=1), NEXT)
    assert isinstance(verdict, BudgetExhausted)
    assert verdict.ceiling is Ceiling.UNKNOWN_COST
    assert "assume" in verdict.sentence


def test_an_unknown_price_stops_the_account_that_wants_it_without_a_limit_of_money_too() -> None:
    budget = ModelBudget(calls=100, unknown_cost=UnknownCost.STOP)
    verdict = check_budget(budget, spent(calls=1, unknown_money=1), NEXT)
    assert isinstance(verdict, BudgetExhausted)
    assert verdict.ceiling is Ceiling.UNKNOWN_COST


def test_a_day_is_a_utc_day_wherever_the_clock_stands() -> None:
    tokyo = timezone(timedelta(hours=9))
    uses = [
        ModelUse(at=datetime(2026, 3, 2, 8, 59, tzinfo=tokyo), tokens=1),
        ModelUse(at=datetime(2026, 3, 2, 9, 0, tzinfo=tokyo), tokens=10),
        ModelUse(at=datetime(2026, 3, 1, tzinfo=UTC), tokens=100),
        ModelUse(at=datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC), tokens=1000),
    ]
    assert day_of(DAY, uses).tokens == 101


@pytest.mark.parametrize(
    "wrong",
    [
        {"calls": -1},
        {"tokens": -1},
        {"money": Decimal(-1)},
        {"money": Decimal("NaN")},
        {"money": Decimal("Infinity")},
        {"assumed_money": Decimal(-1)},
        {"assumed_tokens": -1},
    ],
)
def test_a_limit_below_zero_or_without_an_end_is_refused(wrong: dict) -> None:
    with pytest.raises(InvalidRecord):
        ModelBudget(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": NOON.replace(tzinfo=None)},
        {"calls": -1},
        {"money": Decimal("NaN")},
        {"calls": 1, "unknown_money": 2},
        {"calls": 0, "unknown_tokens": 1},
    ],
)
def test_a_use_that_cannot_be_is_refused(wrong: dict) -> None:
    with pytest.raises(InvalidRecord):
        ModelUse(**{"at": NOON, **wrong})


MONEY = st.decimals(min_value=0, max_value=1000, places=6, allow_nan=False, allow_infinity=False)


@st.composite
def uses(draw: st.DrawFn) -> ModelUse:
    calls = draw(st.integers(0, 8))
    return ModelUse(
        at=datetime(2026, 2, 28, tzinfo=UTC) + timedelta(minutes=draw(st.integers(0, 4320))),
        calls=calls,
        tokens=draw(st.integers(0, 200_000)),
        money=draw(MONEY),
        unknown_money=draw(st.integers(0, calls)),
        unknown_tokens=draw(st.integers(0, calls)),
    )


@st.composite
def budgets(draw: st.DrawFn) -> ModelBudget:
    return ModelBudget(
        calls=draw(st.none() | st.integers(0, 50)),
        tokens=draw(st.none() | st.integers(0, 2_000_000)),
        money=draw(st.none() | MONEY),
        unknown_cost=draw(st.sampled_from(UnknownCost)),
        assumed_money=draw(MONEY),
        assumed_tokens=draw(st.integers(0, 200_000)),
    )


@given(st.lists(uses(), max_size=20), st.randoms(use_true_random=False))
def test_the_order_in_which_uses_come_does_not_matter(
    found: list[ModelUse], chance: object
) -> None:
    mixed = list(found)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert day_of(DAY, mixed) == day_of(DAY, found)


@given(st.lists(uses(), max_size=20))
def test_no_use_is_lost_or_counted_twice_over_days(found: list[ModelUse]) -> None:
    days = [day_of(date(2026, 2, 28) + timedelta(days=n), found) for n in range(4)]
    for name in ("calls", "tokens", "money", "unknown_money", "unknown_tokens"):
        total = sum(getattr(each, name) for each in days)
        assert total == sum(getattr(each, name) for each in found)


@given(budgets(), st.lists(uses(), max_size=30), uses())
def test_what_was_counted_when_a_call_is_allowed_is_within_every_limit(
    budget: ModelBudget, found: list[ModelUse], expected: ModelUse
) -> None:
    day = day_of(DAY, found)
    if check_budget(budget, day, expected) is not None:
        return
    after = add_use(day, expected)
    assert budget.calls is None or after.calls <= budget.calls
    assert budget.tokens is None or after.counted_tokens(budget) <= budget.tokens
    assert budget.money is None or after.counted_money(budget) <= budget.money
    assert budget.money is None or day.counted_money(budget) < budget.money


@given(budgets(), st.lists(uses(), max_size=20), uses(), uses())
def test_a_day_that_is_over_stays_over_whatever_is_used_on_top(
    budget: ModelBudget, found: list[ModelUse], more: ModelUse, expected: ModelUse
) -> None:
    day = day_of(DAY, found)
    if isinstance(check_budget(budget, day, expected), BudgetExhausted):
        assert isinstance(check_budget(budget, add_use(day, more), expected), BudgetExhausted)


@given(budgets(), st.lists(uses(), max_size=20))
def test_what_is_unknown_never_counts_for_less_than_what_is_known(
    budget: ModelBudget, found: list[ModelUse]
) -> None:
    day = day_of(DAY, found)
    assert day.counted_money(budget) >= day.money
    assert day.counted_tokens(budget) >= day.tokens
