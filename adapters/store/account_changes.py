"""What differs between two sets of accounts, as data; pure, the one owner of that question.

Accounts are compared as their stored documents (`account_json`), so "changed" means exactly "would
become a new version". `apply_changes(compute_changes(a, b), a)` is `b` in the order of ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from adapters.store.account_json import account_from_json, account_to_json
from trading.account import Account

FieldPath = tuple[str, ...]
"""Where a value lies in the document of an account, e.g. ("limits", "leverage")."""


class Absent(Enum):
    """The mark of a field that one side does not have; a stored null is something else."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT
_ALWAYS = (("parameters",),)
"""Sections of every document, also when they are empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field, as JSON values; money is plain text."""

    path: FieldPath
    before: Any
    """`ABSENT` when it is new."""
    after: Any
    """`ABSENT` when it is gone."""

    @property
    def name(self) -> str:
        """The path as people write it: `limits.leverage`."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """An account that is on both sides and differs."""

    account_id: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanges:
    """From one set of accounts to another; everything in the order of ids."""

    added: tuple[Account, ...] = ()
    changed: tuple[AccountChange, ...] = ()
    removed: tuple[Account, ...] = ()
    unchanged: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing to do."""
        return not (self.added or self.changed or self.removed)


def compute_changes(before: Iterable[Account], after: Iterable[Account]) -> AccountChanges:
    """What turns `before` into `after`. Ids are unique on each side."""
    old = {account.id: account for account in before}
    new = {account.id: account for account in after}
    both = sorted(old.keys() & new.keys())
    fields = {
        each: field_changes(account_to_json(old[each]), account_to_json(new[each])) for each in both
    }
    return AccountChanges(
        added=tuple(new[each] for each in sorted(new.keys() - old.keys())),
        changed=tuple(
            AccountChange(account_id=each, fields=fields[each]) for each in both if fields[each]
        ),
        removed=tuple(old[each] for each in sorted(old.keys() - new.keys())),
        unchanged=tuple(each for each in both if not fields[each]),
    )


def apply_changes(changes: AccountChanges, before: Iterable[Account]) -> tuple[Account, ...]:
    """The accounts after the changes, by id. Raises `KeyError` when they belong to other accounts."""
    accounts = {account.id: account for account in before}
    for account in changes.removed:
        del accounts[account.id]
    for change in changes.changed:
        accounts[change.account_id] = apply_fields(accounts[change.account_id], change)
    accounts.update({account.id: account for account in changes.added})
    return tuple(accounts[each] for each in sorted(accounts))


def apply_fields(account: Account, change: AccountChange) -> Account:
    """One account after its change."""
    document = account_to_json(account)
    for field in change.fields:
        if field.after is ABSENT:
            _take(document, field.path)
    for field in change.fields:
        if field.after is not ABSENT:
            _put(document, field.path, field.after)
    return account_from_json(document)


def field_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """The fields in which two documents differ, in the order of paths."""
    old, new = dict(_flat(before)), dict(_flat(after))
    return tuple(
        FieldChange(path=path, before=old.get(path, ABSENT), after=new.get(path, ABSENT))
        for path in sorted(old.keys() | new.keys())
        if not _is_same(old.get(path, ABSENT), new.get(path, ABSENT))
    )


def _is_same(before: Any, after: Any) -> bool:
    """JSON knows one kind of number, but true is not 1."""
    return before == after and isinstance(before, bool) is isinstance(after, bool)


def _flat(document: Mapping[str, Any], path: FieldPath = ()) -> Iterator[tuple[FieldPath, Any]]:
    """Every value with its path; an empty section is a value, unless it is always there."""
    for key, value in document.items():
        if isinstance(value, Mapping) and (value or (*path, key) in _ALWAYS):
            yield from _flat(value, (*path, key))
        else:
            yield (*path, key), value


def _take(document: dict[str, Any], path: FieldPath, above: FieldPath = ()) -> None:
    """Remove a value, and the section that it leaves empty."""
    section, rest = path[0], path[1:]
    if not rest:
        document.pop(section, None)
        return
    _take(document[section], rest, (*above, section))
    if not document[section] and (*above, section) not in _ALWAYS:
        del document[section]


def _put(document: dict[str, Any], path: FieldPath, value: Any) -> None:
    *sections, key = path
    for section in sections:
        document = document.setdefault(section, {})
    document[key] = value
