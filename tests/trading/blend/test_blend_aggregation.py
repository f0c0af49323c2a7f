"""How votes become one signal: examples a trader can check, and rules that hold for all ballots."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.trading.blend.ballots import (
    PRICE,
    TICK,
    ballots,
    confidences,
    entry,
    leaving,
    scaled,
    shared,
    sides,
    vote,
)
from trading.blend.aggregation import aggregate, entering, wants_out
from trading.blend.votes import Stand, Vote
from trading.positions import Direction
from trading.signals import Signal, hold

LONG, SHORT, FLAT = Direction.LONG, Direction.SHORT, Direction.FLAT
held_sides = st.sampled_from(Direction)


def blended(*votes: Vote, held: Direction = FLAT) -> Signal:
    return aggregate(shared(*votes), held=held, tick=TICK)


def test_one_member_alone_is_as_sure_as_it_is_and_uses_its_share_only() -> None:
    signal = blended(vote("a", entry(LONG, 0.7)), vote("b", hold("no view")))
    assert (signal.direction, signal.confidence, signal.weight) == (LONG, 0.7, 0.5)
    assert signal.reason == "long 0.70 with 0.50 of the size, for it a"


def test_members_who_agree_are_as_sure_as_their_mean_by_weight() -> None:
    signal = blended(vote("a", entry(SHORT, 0.9), 3), vote("b", entry(SHORT, 0.5), 1))
    assert signal.direction is SHORT
    assert signal.confidence == pytest.approx(0.8)
    assert signal.weight == 1.0


def test_the_side_with_more_behind_it_wins_and_is_less_sure_for_the_other() -> None:
    signal = blended(
        vote("a", entry(LONG, 0.9), 2),
        vote("b", entry(LONG, 0.6), 1),
        vote("c", entry(SHORT, 0.6), 1),
    )
    assert signal.direction is LONG
    assert signal.confidence == pytest.approx((2 * 0.9 + 0.6 - 0.6) / 4)
    assert signal.weight == 0.75
    assert signal.reason.endswith("for it a and b, against it c")


def test_sides_of_equal_strength_and_silence_give_no_entry() -> None:
    split = blended(vote("a", entry(LONG, 0.8)), vote("b", entry(SHORT, 0.8)))
    assert (split.hold, split.reason) == (True, "neither side is stronger than the other")
    silent = blended(vote("a", hold("no view")), vote("b", None, problem="ValueError"))
    assert (silent.hold, silent.reason) == (True, "nobody wants to enter")


def test_the_stop_is_the_tightest_and_the_target_the_mean_by_share_on_the_tick() -> None:
    near = entry(LONG, stop_price=Decimal(97), take_profit_price=Decimal("103.1"))
    far = entry(LONG, stop_price=Decimal(90), take_profit_price=Decimal(120))
    none = entry(LONG, stop_price=None, take_profit_price=None)
    signal = blended(vote("a", near, 2), vote("b", far, 1), vote("c", none, 5))
    assert signal.stop_price == 97
    assert signal.take_profit_price == Decimal("108.7")  # (2 x 103.1 + 120) / 3 is 108.733
    short = blended(
        vote("a", entry(SHORT, stop_price=Decimal(104))),
        vote("b", entry(SHORT, stop_price=Decimal(108))),
    )
    assert short.stop_price == 104


def test_levels_of_those_who_do_not_agree_do_not_count() -> None:
    signal = blended(
        vote("a", entry(LONG, 0.9, stop_price=Decimal(95))),
        vote("b", entry(SHORT, 0.1, stop_price=Decimal(101))),
        vote("c", entry(LONG, 1.0, stop_price=Decimal(99)), is_active=False, is_owner=True),
    )
    assert signal.stop_price == 95


def test_nobody_has_a_stop_then_the_blend_has_none_and_risk_gives_its_default() -> None:
    assert blended(vote("a", entry(LONG, stop_price=None))).stop_price is None


def test_a_grid_uses_of_its_share_what_its_level_asks_for_and_still_scales_in() -> None:
    signal = blended(
        vote("grid", entry(LONG, 0.8, weight=0.25, scales_in=True), 3),
        vote("b", entry(LONG, 0.8), 1),
    )
    assert signal.weight == pytest.approx(0.75 * 0.25 + 0.25)
    assert signal.scales_in
    assert not signal.adds_in_profit_only
    pyramid = entry(LONG, scales_in=True, adds_in_profit_only=True)
    assert blended(vote("p", pyramid)).adds_in_profit_only


def test_a_member_that_is_off_enters_nothing() -> None:
    signal = blended(vote("a", entry(LONG), is_active=False), vote("b", hold("no view")))
    assert signal.hold


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ((), True),
        (((1, hold("x"), True),), True),  # in doubt, out
        (((2, hold("x"), True),), False),  # an owner without a new opinion stays
        (((2, hold("x"), False),), True),  # who has no part in it has no say in staying
        (((2, entry(LONG), False),), False),  # unless it wants the same side now
        (((2, entry(SHORT), False),), True),
        (((2, None, True),), True),  # a failed owner counts on neither side
        (((2, leaving(), False),), True),
    ],
)
def test_a_position_ends_when_the_weight_of_leaving_owners_reaches_the_rest(
    others: tuple[tuple[int, Signal | None, bool], ...], expected: bool
) -> None:
    votes = shared(
        vote("leaver", leaving(), is_owner=True),
        *(
            vote(f"m{number}", signal, weight, is_owner=is_owner)
            for number, (weight, signal, is_owner) in enumerate(others)
        ),
    )
    assert wants_out(votes, LONG) is expected
    if expected:
        out = aggregate(votes, held=LONG, tick=TICK)
        assert (out.direction, out.hold, out.confidence) == (FLAT, False, 1.0)
        assert out.reason == "out: for it leaver, as heavy as those who would stay long"


def test_a_member_without_a_part_in_the_position_cannot_end_it_by_leaving() -> None:
    votes = shared(vote("stranger", leaving(), 9), vote("owner", hold("x"), is_owner=True))
    assert not wants_out(votes, LONG)
    assert aggregate(votes, held=LONG, tick=TICK).hold


def test_an_owner_that_is_off_may_still_take_the_position_out() -> None:
    votes = shared(
        vote("owner", leaving(), is_owner=True, is_active=False), vote("b", hold("x"), 5)
    )
    assert aggregate(votes, held=LONG, tick=TICK).direction is FLAT


def test_where_nothing_is_held_nobody_leaves() -> None:
    assert not wants_out(shared(vote("a", leaving(), is_owner=True)), FLAT)


@given(ballots(), held_sides, st.randoms(use_true_random=False))
def test_the_order_of_the_members_changes_nothing(votes, held, random) -> None:
    mixed = list(votes)
    random.shuffle(mixed)
    assert aggregate(mixed, held=held, tick=TICK) == aggregate(votes, held=held, tick=TICK)


@given(ballots(), held_sides, st.fractions("1/1000", 1000))
def test_weights_times_a_constant_change_nothing(votes, held, factor) -> None:
    assume(factor > 0)
    assert aggregate(shared(*scaled(votes, factor)), held=held, tick=TICK) == aggregate(
        votes, held=held, tick=TICK
    )


@given(ballots(), held_sides)
def test_every_signal_is_within_its_share_and_its_members(votes, held) -> None:
    signal = aggregate(votes, held=held, tick=TICK)
    if signal.hold or signal.direction is FLAT:
        return
    names = entering(votes, signal.direction)
    agreeing = [each for each in votes if each.member in names]
    assert 0 < signal.confidence <= max(each.signal.confidence for each in agreeing) + 1e-12
    assert signal.weight <= float(sum(each.share for each in agreeing)) + 1e-12 <= 1 + 1e-12
    stops = [each.signal.stop_price for each in agreeing if each.signal.stop_price is not None]
    if stops:
        assert abs(PRICE - signal.stop_price) == min(abs(PRICE - stop) for stop in stops)
    targets = [
        each.signal.take_profit_price
        for each in agreeing
        if each.signal.take_profit_price is not None
    ]
    if targets:
        assert min(targets) <= signal.take_profit_price <= max(targets)
        assert signal.take_profit_price % TICK == 0


@given(
    st.lists(st.tuples(confidences, st.integers(1, 9)), min_size=1, max_size=5),
    st.floats(0.01, 1),
    st.integers(1, 9),
    sides,
)
def test_any_opposition_makes_a_blend_less_sure_or_silent_or_turns_it(
    friends, against, weight, side
) -> None:
    votes = [vote(f"m{n}", entry(side, c), w) for n, (c, w) in enumerate(friends)]
    alone = blended(*votes)
    assume(not alone.hold)
    other = SHORT if side is LONG else LONG
    opposed = blended(*votes, vote("z", entry(other, against), weight))
    if opposed.direction is side and not opposed.hold:
        assert opposed.confidence < alone.confidence
        assert opposed.weight < alone.weight
    elif opposed.direction is other:
        assert opposed.confidence < against


def test_votes_say_in_words_where_they_stand() -> None:
    on = vote("a", entry(LONG, 0.75), share=Fraction(1, 4))
    assert on.words == "a long 0.75 with 0.25 of the size: because"
    off = vote("b", None, is_active=False, problem="only while trending")
    assert (off.stand, off.words) == (Stand.OFF, "b off (only while trending)")
    failed = vote("c", None, problem="ValueError: no")
    assert (failed.stand, failed.words) == (Stand.FAILED, "c failed (ValueError: no)")
    owner = replace(vote("d", leaving(), is_owner=True), is_active=False)
    assert owner.words == "d leave (not for this regime, heard for its position only): gone"
    assert len(vote("e", hold("x" * 9_999)).words) < 500
