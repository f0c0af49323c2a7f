"""Shares of the size: never above one together, and from closed outcomes only."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.blend.ballots import NOON, outcomes
from trading.blend.allocation import FEWEST_OUTCOMES, OUTCOMES_KEPT, allocate, member_weights
from trading.blend_plan import Allocation, Blend, Member, Regime
from trading.errors import InvalidRecord

WHOLE = Fraction(1)


def blend(allocation: Allocation = Allocation.WEIGHTS, **weights: int) -> Blend:
    chosen = weights or {"a": 1, "b": 1}
    return Blend(
        members=tuple(
            Member(name=name, strategy="grid", weight=Decimal(weight))
            for name, weight in chosen.items()
        ),
        allocation=allocation,
    )


weight_maps = st.dictionaries(
    st.sampled_from("abcdef"), st.fractions("1/1000", 1000), min_size=1, max_size=6
)


@given(weight_maps, st.data(), st.fractions("1/100", 1))
def test_shares_are_at_most_one_together_and_the_cap_for_each(weights, data, cap) -> None:
    active = data.draw(st.sets(st.sampled_from(sorted(weights))))
    shares = allocate(weights, active, cap)
    assert shares.keys() == active
    assert sum(shares.values()) <= 1
    assert all(0 < share <= cap for share in shares.values())
    if active and cap == 1:
        assert sum(shares.values()) == 1


@given(weight_maps, st.fractions("1/1000", 1000))
def test_weights_times_a_constant_give_the_same_shares(weights, factor) -> None:
    more = {name: weight * factor for name, weight in weights.items()}
    assert allocate(more, list(more), WHOLE) == allocate(weights, list(weights), WHOLE)


def test_the_part_of_members_that_are_off_goes_to_the_active_ones() -> None:
    weights = {"a": Fraction(1), "b": Fraction(3), "c": Fraction(4)}
    assert allocate(weights, ["a", "b"], WHOLE) == {"a": Fraction(1, 4), "b": Fraction(3, 4)}
    assert allocate(weights, [], WHOLE) == {}


def test_what_the_cap_cuts_off_goes_to_nobody() -> None:
    weights = {"a": Fraction(9), "b": Fraction(1)}
    assert allocate(weights, ["a", "b"], Fraction(1, 2)) == {
        "a": Fraction(1, 2),
        "b": Fraction(1, 10),
    }


def test_a_member_whose_results_scatter_twice_as_much_gets_half_the_weight() -> None:
    plan = blend(Allocation.INVERSE_VOLATILITY)
    known = outcomes("a", *[0.01, -0.01] * 5) + outcomes("b", *[0.02, -0.02] * 5)
    weights = member_weights(plan, known, NOON)
    assert float(weights["a"] / weights["b"]) == pytest.approx(2.0)


def test_a_member_that_earned_gets_more_and_one_that_lost_less_within_twice_and_half() -> None:
    plan = blend(Allocation.PERFORMANCE, a=1, b=1, c=1)
    known = outcomes("a", *[0.02, 0.021] * 5) + outcomes("b", *[-0.02, -0.021] * 5)
    assert member_weights(plan, known, NOON) == {"a": 2, "b": Fraction(1, 2), "c": 1}


def test_configured_weights_stay_factors_of_every_way_to_allocate() -> None:
    known = outcomes("a", *[0.02, 0.021] * 5)
    assert member_weights(blend(Allocation.PERFORMANCE, a=3, b=1), known, NOON) == {"a": 6, "b": 1}
    assert member_weights(blend(Allocation.WEIGHTS, a=3, b=1), known, NOON) == {"a": 3, "b": 1}


@pytest.mark.parametrize("allocation", [Allocation.INVERSE_VOLATILITY, Allocation.PERFORMANCE])
def test_too_few_outcomes_say_nothing(allocation) -> None:
    known = outcomes("a", *[0.5, -0.4] * (FEWEST_OUTCOMES // 2))[1:]
    assert member_weights(blend(allocation), known, NOON) == {"a": 1, "b": 1}


@pytest.mark.parametrize("allocation", [Allocation.INVERSE_VOLATILITY, Allocation.PERFORMANCE])
def test_an_outcome_that_is_closed_later_is_not_known_yet(allocation) -> None:
    known = outcomes("a", *[0.03, 0.001] * 6) + outcomes("b", *[0.01, 0.02] * 6)
    later = outcomes("a", *[-0.9] * 20, last=NOON + timedelta(days=9))
    later = [each for each in later if each.closed_at > NOON]
    plan = blend(allocation)
    assert len(later) == 20
    assert member_weights(plan, known + later, NOON) == member_weights(plan, known, NOON)
    assert member_weights(plan, known + later, NOON + timedelta(days=9)) != member_weights(
        plan, known, NOON
    )


def test_only_the_newest_outcomes_count_and_a_broken_number_does_not() -> None:
    plan = blend(Allocation.PERFORMANCE)
    recent = outcomes("a", *[0.02, 0.021] * (OUTCOMES_KEPT // 2))
    older = outcomes("a", *[-0.9] * 30, last=NOON - timedelta(days=30))
    broken = outcomes("a", float("nan"))
    assert member_weights(plan, older + recent + broken, NOON) == member_weights(plan, recent, NOON)


@given(st.randoms(use_true_random=False), st.sampled_from(Allocation))
def test_the_order_of_outcomes_changes_nothing(random, allocation) -> None:
    known = outcomes("a", *[0.03, 0.001, -0.02] * 6) + outcomes("b", *[0.01, 0.02, -0.05] * 6)
    mixed = random.sample(known, len(known))
    plan = blend(allocation)
    assert member_weights(plan, mixed, NOON) == member_weights(plan, known, NOON)


def test_results_that_are_all_alike_do_not_divide_by_zero() -> None:
    for allocation in Allocation:
        weights = member_weights(blend(allocation), outcomes("a", *[0.01] * 12), NOON)
        assert all(weight > 0 for weight in weights.values())


def test_members_are_kept_by_name_whatever_their_order_was() -> None:
    plan = blend(b=2, a=1)
    assert [member.name for member in plan.members] == ["a", "b"]
    assert replace(plan, members=plan.members[::-1]) == plan


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"members": ()}, "needs a member with a weight above 0"),
        ({"members": (Member(name="a", strategy="grid", weight=Decimal(0)),)}, "weight above 0"),
        ({"members": (Member(name="a", strategy="grid"),) * 2}, "same name"),
        ({"max_share": Decimal(0)}, "max_share is 0, allowed is above 0 and up to 1"),
        ({"max_share": Decimal("NaN")}, "max_share is NaN"),
        (
            {"members": tuple(Member(name=f"m{n}", strategy="grid") for n in range(21))},
            "at most 20",
        ),
    ],
)
def test_a_blend_that_cannot_decide_is_refused(change, words) -> None:
    with pytest.raises(InvalidRecord, match=words):
        replace(blend(), **change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weight": Decimal(-1)}, "weight of member a is -1, allowed is 0 to 1000"),
        ({"weight": Decimal("NaN")}, "weight of member a is NaN"),
        ({"regimes": (Regime.UNKNOWN,)}, "must be some of trending, sideways, volatile"),
    ],
)
def test_a_member_outside_its_ranges_is_refused(change, words) -> None:
    with pytest.raises(InvalidRecord, match=words):
        replace(Member(name="a", strategy="grid"), **change)
