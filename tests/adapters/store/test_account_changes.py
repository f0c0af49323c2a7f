"""The difference between two sets of accounts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given

from adapters.store.account_changes import (
    ABSENT,
    AccountChange,
    FieldChange,
    apply_changes,
    compute_changes,
)
from adapters.store.account_json import config_hash
from tests.adapters.store.generated_accounts import account_sets, accounts
from tests.arena import build_account
from trading.account import Account, ModelProvider

BASE = build_account("momentum")


def by_id(accounts: tuple[Account, ...]) -> tuple[Account, ...]:
    return tuple(sorted(accounts, key=lambda account: account.id))


@given(account_sets, account_sets)
def test_the_difference_applied_to_the_first_gives_the_second(
    before: tuple[Account, ...], after: tuple[Account, ...]
) -> None:
    assert apply_changes(compute_changes(before, after), before) == by_id(after)


@given(account_sets)
def test_a_set_does_not_differ_from_itself(before: tuple[Account, ...]) -> None:
    changes = compute_changes(before, reversed(before))

    assert changes.is_empty
    assert changes.unchanged == tuple(account.id for account in by_id(before))


@given(account_sets, account_sets)
def test_the_way_back_undoes_the_way_there(
    before: tuple[Account, ...], after: tuple[Account, ...]
) -> None:
    there, back = compute_changes(before, after), compute_changes(after, before)

    assert apply_changes(back, apply_changes(there, before)) == by_id(before)
    assert (there.added, there.unchanged) == (back.removed, back.unchanged)


@given(accounts, accounts)
def test_an_account_counts_as_changed_exactly_when_it_would_be_a_new_version(
    one: Account, other: Account
) -> None:
    other = replace(other, id=one.id)

    changes = compute_changes([one], [other])

    assert changes.is_empty == (config_hash(one) == config_hash(other))


def test_each_changed_field_is_named_with_both_values() -> None:
    changed = replace(
        BASE,
        assets=("BTC",),
        parameters={"adx_entry": 30},
        limits=replace(BASE.limits, max_position_ratio=Decimal("0.10")),
        provider=ModelProvider(api_key="env:KEY"),
    )

    changes = compute_changes([BASE], [changed])

    assert changes.changed == (
        AccountChange(
            account_id="momentum",
            fields=(
                FieldChange(path=("assets",), before=["BTC", "ETH"], after=["BTC"]),
                FieldChange(path=("limits", "max_position_ratio"), before="0.2", after="0.1"),
                FieldChange(path=("parameters", "adx_entry"), before=ABSENT, after=30.0),
                FieldChange(path=("provider", "api_key"), before=ABSENT, after="env:KEY"),
            ),
        ),
    )


def test_the_same_number_written_otherwise_is_no_change() -> None:
    same = replace(
        BASE,
        initial_equity=Decimal("1E+4"),
        limits=replace(BASE.limits, max_position_ratio=Decimal("0.2000"), stop_atr_multiple=2),
    )

    assert compute_changes([BASE], [same]).is_empty
