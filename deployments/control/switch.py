"""Two switches for one account, ours and Prefect's: who changed, and what is to be done.

Pure. A three-way merge over the value on which both agreed last: the side that changed wins; when
that cannot be told, off wins, because a cycle too few costs less than one too many. A stopped
account is never set going from Prefect.
"""

from __future__ import annotations

from enum import StrEnum

from trading.account import AccountStatus


class Move(StrEnum):
    """What makes both sides say the same."""

    NOTHING = "nothing"
    NOTE = "note"
    """They agree, and that is new."""
    SWITCH_ON = "switch_on"
    """Prefect follows us."""
    SWITCH_OFF = "switch_off"
    PAUSE = "pause"
    """We follow Prefect."""
    RESUME = "resume"
    REFUSE = "refuse"
    """Switched on in Prefect, but the account is stopped: Prefect's switch goes back."""


def merge(*, status: AccountStatus, is_on: bool, seen: bool | None, may_run: bool) -> Move:
    """The move for one account.

    `is_on` is Prefect's switch, `seen` what both said last (None: never agreed). Without `may_run`
    (recorded data has ended) Prefect's switch is off, which says nothing about the operator's wish.
    """
    wanted = status is AccountStatus.ACTIVE and may_run
    if is_on == wanted:
        return Move.NOTHING if seen == is_on else Move.NOTE
    if not may_run:
        return Move.SWITCH_OFF
    theirs_changed = seen is not None and is_on != seen
    if is_on:
        if not theirs_changed:
            return Move.SWITCH_OFF
        return Move.RESUME if status is AccountStatus.PAUSED else Move.REFUSE
    return Move.PAUSE if theirs_changed or seen is None else Move.SWITCH_ON
