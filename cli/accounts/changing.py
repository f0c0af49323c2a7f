"""Changes of accounts: shown first, carried out in one transaction, all or none.

What was shown is what is done: the write computes the changes once more under its lock and stops
when somebody else was quicker. A rehearsal is the write itself, rolled back, so that every refusal
comes before anybody is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from adapters.config.settings import Settings
from adapters.store.account_changes import AccountChanges, compute_changes
from adapters.store.account_life import (
    StillTied,
    Ties,
    find_ties,
    put_account,
    remove_account,
    tell_account,
)
from adapters.store.accounts import StoredAccount, load_account
from adapters.store.errors import StoreError
from adapters.store.locks import lock_until_commit
from cli.accounts.arena import ArenaNow, read_arena, require_fit
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from trading.account import Account, AccountStatus
from trading.decision.twin_account import renew_twins, why_no_pair

_LOCK = "accounts"
"""Held by everybody who changes several accounts, so that two of them take turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants the accounts to be."""

    accounts: tuple[Account, ...]
    prune: bool = False
    """Remove the accounts that are not among them."""
    keep_positions: bool = False
    """Remove also those with open positions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a wish comes to."""

    accounts: AccountChanges
    kept: tuple[str, ...]
    """Ids of accounts that the wish does not name and that stay."""
    returning: Mapping[str, AccountStatus]
    """Added accounts that have been there before: they come back with history and status."""
    ties: tuple[Ties, ...] = ()
    """What removed accounts leave behind."""
    is_alive: bool
    """Whether the arena runs."""


def preview(engine: Engine, wish: Wish) -> Changes:
    """What the wish comes to, whether it would be refused or not."""
    with engine.connect() as conn:
        return _changes(conn, read_arena(conn), wish)


def rehearse(engine: Engine, wish: Wish, settings: Settings) -> None:
    """Meet every refusal that the wish would meet; nothing is changed."""
    with engine.connect() as conn:
        _write(conn, wish, settings)
        conn.rollback()


def carry_out(engine: Engine, wish: Wish, settings: Settings, shown: Changes) -> None:
    """Make it so, in one transaction.

    Raises `CommandFailed`, and nothing is changed, when it is no longer what was shown.
    """
    with engine.begin() as conn:
        changes = _write(conn, wish, settings)
        if changes.accounts != shown.accounts:
            raise CommandFailed(
                ExitCode.REFUSED,
                "the accounts were changed by somebody else meanwhile; nothing was done, "
                "look at the changes again",
            )


def add_one(engine: Engine, account: Account, settings: Settings) -> Changes:
    """Add an account that is not there. Raises `CommandFailed` when it is."""
    with engine.begin() as conn:
        changes = _write(conn, Wish(accounts=(account,)), settings)
        if account not in changes.accounts.added:
            raise CommandFailed(
                ExitCode.REFUSED,
                f"account {account.id} is there already; change it with: perpflow accounts apply",
            )
        return changes


def look_at(engine: Engine, account_id: str) -> tuple[StoredAccount, Ties]:
    """An account and what binds it. Raises `UnknownAccount`."""
    with engine.connect() as conn:
        return load_account(conn, account_id), find_ties(conn, account_id)


def remove_one(engine: Engine, account_id: str, *, keep_positions: bool) -> Ties:
    """Remove one account. Raises `UnknownAccount` and `StillTied`."""
    with engine.begin() as conn:
        lock_until_commit(conn, _LOCK)
        now = read_arena(conn)
        _require_no_twin(now, account_id)
        return remove_account(conn, account_id, keep_positions=keep_positions, at=now.at)


def _require_no_twin(now: ArenaNow, account_id: str) -> None:
    for each in now.accounts:
        if each.account.twin_of == account_id:
            raise CommandFailed(
                ExitCode.REFUSED,
                f"account {account_id} has the paper twin {each.account.id}, which repeats its"
                f" decisions; remove that first: perpflow accounts remove {each.account.id}",
            )


def _after(now: ArenaNow, wish: Wish) -> tuple[Account, ...]:
    """All accounts as they would be: a twin that the wish does not name follows its original."""
    wanted = {account.id for account in wish.accounts}
    stored = [each.account for each in now.accounts]
    kept = [] if wish.prune else [account for account in stored if account.id not in wanted]
    return renew_twins((*wish.accounts, *kept))


def _changes(conn: Connection, now: ArenaNow, wish: Wish) -> Changes:
    wanted = {account.id for account in wish.accounts}
    stored = {each.account.id: each.account for each in now.accounts}
    kept = () if wish.prune else tuple(sorted(stored.keys() - wanted))
    changes = compute_changes(stored.values(), _after(now, wish))
    removed_before = {each.account.id: each.status for each in now.removed}
    return Changes(
        accounts=changes,
        kept=kept,
        returning={
            each.id: removed_before[each.id] for each in changes.added if each.id in removed_before
        },
        ties=tuple(find_ties(conn, each.id) for each in changes.removed),
        is_alive=now.is_alive,
    )


def _write(conn: Connection, wish: Wish, settings: Settings) -> Changes:
    lock_until_commit(conn, _LOCK)
    now = read_arena(conn)
    changes = _changes(conn, now, wish)
    new = {account.id for account in changes.accounts.added}
    touched = new | {change.account_id for change in changes.accounts.changed}
    after = _after(now, wish)
    _require_pairs(after)
    accounts = [account for account in after if account.id in touched]
    require_fit(now, accounts, settings)
    versions = _put(conn, now, accounts)
    _remove(conn, now, changes.accounts.removed, keep_positions=wish.keep_positions)
    for account_id, version in versions.items():  # last: the first event holds up all others
        kind = "account.added" if account_id in new else "account.changed"
        tell_account(conn, account_id, kind, {"version": version}, at=now.at)
    return changes


def _require_pairs(accounts: Sequence[Account]) -> None:
    """Every twin has its original, and an original has one twin."""
    for account in accounts:
        misfit = None if account.twin_of is None else why_no_pair(account, accounts)
        if misfit is not None:
            raise CommandFailed(ExitCode.REFUSED, f"{misfit}; nothing was changed")


def _put(conn: Connection, now: ArenaNow, accounts: Iterable[Account]) -> dict[str, int]:
    """Save what is new or changed, versions by id; all refusals come together."""
    versions: dict[str, int] = {}
    refusals: list[str] = []
    for account in accounts:
        try:
            versions[account.id] = put_account(conn, account, at=now.at)
        except StoreError as refusal:
            refusals.append(str(refusal))
    if refusals:
        raise StoreError("; ".join(refusals) + "; nothing was changed")
    return versions


def _remove(
    conn: Connection, now: ArenaNow, removed: Iterable[Account], *, keep_positions: bool
) -> None:
    """Remove all of them; all refusals come together."""
    tied: list[Ties] = []
    for account in removed:
        try:
            remove_account(conn, account.id, keep_positions=keep_positions, at=now.at)
        except StillTied as refusal:
            tied += refusal.ties
    if tied:
        raise StillTied(tied)
