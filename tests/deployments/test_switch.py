"""The two switches of an account always end up saying the same, and off wins a doubt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.control.switch import Move, merge
from trading.account import AccountStatus

ACTIVE, PAUSED, STOPPED = AccountStatus.ACTIVE, AccountStatus.PAUSED, AccountStatus.STOPPED


@pytest.mark.parametrize(
    ("status", "is_on", "seen", "move"),
    [
        # nobody changed anything
        (ACTIVE, True, True, Move.NOTHING),
        (PAUSED, False, False, Move.NOTHING),
        # the first look at a pair that agrees
        (ACTIVE, True, None, Move.NOTE),
        (STOPPED, False, None, Move.NOTE),
        # we changed: Prefect follows
        (PAUSED, True, True, Move.SWITCH_OFF),
        (STOPPED, True, True, Move.SWITCH_OFF),
        (ACTIVE, False, False, Move.SWITCH_ON),
        # Prefect changed: we follow
        (ACTIVE, False, True, Move.PAUSE),
        (PAUSED, True, False, Move.RESUME),
        # a stopped account is not resumed from there
        (STOPPED, True, False, Move.REFUSE),
        # both changed to the same
        (PAUSED, False, True, Move.NOTE),
        # nobody knows who changed: off wins
        (ACTIVE, False, None, Move.PAUSE),
        (PAUSED, True, None, Move.SWITCH_OFF),
        (STOPPED, True, None, Move.SWITCH_OFF),
    ],
)
def test_the_side_that_changed_wins_and_off_wins_a_doubt(status, is_on, seen, move):
    assert merge(status=status, is_on=is_on, seen=seen, may_run=True) is move


def test_the_end_of_recorded_data_is_not_taken_for_a_pause_and_is_undone_when_data_is_added():
    assert merge(status=ACTIVE, is_on=True, seen=True, may_run=False) is Move.SWITCH_OFF
    assert merge(status=ACTIVE, is_on=False, seen=True, may_run=False) is Move.NOTE
    assert merge(status=ACTIVE, is_on=False, seen=False, may_run=True) is Move.SWITCH_ON


def carried_out(move: Move, status: AccountStatus, is_on: bool, seen: bool | None):
    """What the loop makes of a move."""
    match move:
        case Move.NOTE:
            seen = is_on
        case Move.SWITCH_ON | Move.SWITCH_OFF | Move.REFUSE:
            is_on = seen = move is Move.SWITCH_ON
        case Move.PAUSE | Move.RESUME:
            status = PAUSED if move is Move.PAUSE else ACTIVE
            seen = is_on
        case Move.NOTHING:
            pass
    return status, is_on, seen


pairs = st.tuples(
    st.sampled_from(AccountStatus), st.booleans(), st.sampled_from([None, True, False])
)


@given(pair=pairs, may_run=st.booleans())
def test_one_move_makes_both_sides_agree_for_good(pair, may_run):
    status, is_on, seen = pair
    move = merge(status=status, is_on=is_on, seen=seen, may_run=may_run)
    status, is_on, seen = carried_out(move, status, is_on, seen)
    assert is_on == (status is ACTIVE and may_run)
    assert merge(status=status, is_on=is_on, seen=seen, may_run=may_run) is Move.NOTHING


@given(pair=pairs, may_run=st.booleans())
def test_a_stopped_account_stays_stopped_whatever_prefect_says(pair, may_run):
    _, is_on, seen = pair
    move = merge(status=STOPPED, is_on=is_on, seen=seen, may_run=may_run)
    status, is_on, _ = carried_out(move, STOPPED, is_on, seen)
    assert (status, is_on) == (STOPPED, False)
