"""What the changing commands say when they are done, for people and for scripts."""

from __future__ import annotations

from typing import Any

from adapters.store.account_json import account_to_json
from adapters.store.account_life import Ties
from cli.accounts.changing import Changes
from cli.accounts.reading import fields_document
from trading.account import AccountStatus


def changes_document(changes: Changes, *, source: str, applied: bool) -> dict[str, Any]:
    """The difference as data; `applied` is false for a dry run and when nothing had to be done."""
    diff = changes.accounts
    return {
        "schema_version": 1,
        "source": source,
        "applied": applied,
        "added": [account_to_json(account) for account in diff.added],
        "changed": [
            {"id": change.account_id, "fields": fields_document(change.fields)}
            for change in diff.changed
        ],
        "removed": [ties_document(ties) for ties in changes.ties],
        "unchanged": list(diff.unchanged),
        "not_in_source": list(changes.kept),
        "returning": list(changes.returning),
    }


def ties_document(ties: Ties) -> dict[str, Any]:
    """A removed account, and what it left behind."""
    return {
        "id": ties.account_id,
        "positions_left_open": list(ties.positions),
        "orders_not_settled": len(ties.unsettled),
    }


def when_it_applies(changes: Changes) -> str:
    """When the schedules follow, and which accounts still wait for a word."""
    asleep = [each for each, status in changes.returning.items() if status != AccountStatus.ACTIVE]
    hint = "".join(
        f"; {each} is {changes.returning[each]}, wake it with: perpflow accounts resume {each}"
        for each in asleep
    )
    if changes.is_alive:
        return f"schedules follow within seconds, a new account begins at its next slot{hint}"
    return f"the arena does not run; schedules follow with the next perpflow up{hint}"


def removal_sentence(ties: Ties) -> str:
    """What happened to an account that left."""
    kept = "its records stay"
    if not ties.positions and not ties.unsettled:
        return f"account {ties.account_id} was removed; {kept}"
    return (
        f"account {ties.account_id} was removed with {ties.sentence}; {kept}, and so do its "
        "positions at the venue with the stop orders that rest there, but no cycle manages them "
        f"any more. To take them up again: perpflow accounts add --id {ties.account_id} ..."
    )
