"""Replies broken at random never become a trade that was not written."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.decision.corpus import mandate
from tests.trading.decision.mutations import BASES, check_one, repeat_key
from trading.decision.reply.mandate import Reply
from trading.decision.reply.outcomes import Outcome
from trading.decision.reply.read import read_reply
from trading.decisions import Action

MANY = 100_000


@pytest.mark.parametrize("base", BASES, ids=["one entry", "two entries", "with line ends"])
def test_the_replies_that_are_broken_here_are_good_before(base: str) -> None:
    reading = read_reply(Reply(content=base), mandate())
    assert reading.outcome is Outcome.ACCEPTED
    assert any(decision.action is not Action.HOLD for decision in reading.decisions)


@pytest.mark.parametrize("base", BASES, ids=["one entry", "two entries", "with line ends"])
def test_a_reply_cut_at_any_place_holds_everything(base: str) -> None:
    for end in range(len(base)):
        reading = read_reply(Reply(content=base[:end], finish_reason="stop"), mandate())
        assert {decision.action for decision in reading.decisions} == {Action.HOLD}, end
        assert reading.outcome in (Outcome.TRUNCATED, Outcome.EMPTY), end


@pytest.mark.parametrize("bracket", "{}[]")
def test_a_bracket_too_many_outside_of_words_holds_everything(bracket: str) -> None:
    base = BASES[0]
    is_string = False
    for at in range(len(base)):
        is_string ^= base[at] == '"'
        if not is_string:
            text = base[: at + 1] + bracket + base[at + 1 :]
            reading = read_reply(Reply(content=text), mandate())
            behind_all = at == len(base) - 1 and bracket == "["  # prose
            held = {decision.action for decision in reading.decisions} == {Action.HOLD}
            assert held is not behind_all, (at, text)


@given(seed=st.integers(0, 2**32))
def test_a_key_that_is_said_twice_holds_everything(seed: int) -> None:
    text = repeat_key(Random(seed), BASES[1])
    if text.count('": ') == BASES[1].count('": ') + 1:
        reading = read_reply(Reply(content=text), mandate())
        assert {decision.action for decision in reading.decisions} == {Action.HOLD}


@given(seed=st.integers(0, 2**32))
def test_a_broken_reply_is_no_trade_or_one_that_another_reader_finds_as_well(seed: int) -> None:
    check_one(seed)


@given(text=st.text(max_size=300))
def test_any_text_at_all_is_read_without_an_error_and_holds(text: str) -> None:
    reading = read_reply(Reply(content=text), mandate())
    assert reading.outcome is not Outcome.ACCEPTED


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_hundred_thousand_broken_replies() -> None:
    outcomes = Counter(check_one(seed) for seed in range(MANY))
    print(f"{MANY:,} broken replies:", dict(outcomes.most_common()))
    # The run means something only when it got into all corners, and when many were still whole.
    assert len(outcomes) >= 8
    assert outcomes["accepted"] > MANY // 100
