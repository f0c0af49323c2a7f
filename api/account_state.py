"""One word for how an account is doing, out of the operator's status, risk's state and the cycles."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.store.views.accounts import AccountView


@dataclass(frozen=True, slots=True)
class AccountWord:
    """The word for the table and the sentence behind it."""

    word: str
    sentence: str


def state_of(account: AccountView) -> AccountWord:
    """The most serious fact first: halted, failed, reducing, stopped, paused, waiting, active."""
    cycle = account.last_cycle
    if account.operator_state == "halted":
        return AccountWord("halted", "The operator has halted the account; it may only reduce.")
    if account.trading_state == "halted":
        return AccountWord("halted", "Risk has halted the account; only protection is sent.")
    if cycle is not None and cycle.status == "failed":
        return AccountWord("failed", f"The last cycle failed: {cycle.reason or 'no reason kept'}")
    if account.trading_state == "reducing":
        return AccountWord("reducing", "Risk lets the account close positions only.")
    if account.status != "active":
        return AccountWord(account.status, f"The operator has {account.status} the account.")
    if cycle is None:
        return AccountWord("waiting", "No cycle has run yet.")
    return AccountWord("active", "The account decides and trades.")
