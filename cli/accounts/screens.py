"""What the accounts commands print for people: tables, one account, its history, a difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from adapters.store.account_changes import ABSENT, FieldChange
from cli.accounts.changing import Changes
from cli.console import stdout_console
from trading.account import Account, Mode
from trading.units import plain

_NOTHING = "-"


def show_list(found: Mapping[str, Any]) -> None:
    """One line for each account."""
    heads = ("Account", "Agent", "Assets", "Interval", "Mode", "Equity", "Version", "Open", "State")
    table = Table(*heads, box=box.SIMPLE_HEAD, pad_edge=False)
    for account in found["accounts"]:
        table.add_row(
            account["id"],
            escape(account["agent"]),
            account["traded"],
            account["interval"],
            _mode(account),
            account["initial_equity"] or _NOTHING,
            str(account["version"]),
            str(len(account["open_positions"])),
            _state(account),
        )
    console = stdout_console()
    if found["accounts"]:
        console.print(table)
    else:
        console.print("there are no accounts; add one with: perpflow accounts add")


def show_account(found: Mapping[str, Any]) -> None:
    """State first, then the configuration field by field, then the secrets."""
    console = stdout_console()
    table = Table("Field", "Value", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_row("state", _state(found))
    if found["permitted"] is not None:
        table.add_row("live", _live(found))
    table.add_row("version", f"{found['version']}")
    table.add_row("created", _date(found["created_at"]))
    if found["removed_at"]:
        table.add_row("removed", _date(found["removed_at"]))
    table.add_row("open positions", " ".join(found["open_positions"]) or "none")
    for name, value in _flat(found["configuration"]):
        table.add_row(name, escape(_text(value)))
    for key, secret in found["secrets"].items():
        table.add_row(f"secret {key}", escape(f"{secret['reference']} {_is_set(secret)}"))
    console.print(table)


def show_versions(found: Mapping[str, Any]) -> None:
    """Each version with its date and what it changed."""
    table = Table("Version", "From", "Change", box=box.SIMPLE_HEAD, pad_edge=False)
    for version in found["versions"]:
        lines = [
            f"{change['field']}: {_text(change.get('before', ABSENT))} -> "
            f"{_text(change.get('after', ABSENT))}"
            for change in version["changes"]
        ]
        words = "\n".join(lines) if lines else "first version"
        table.add_row(str(version["version"]), _date(version["created_at"]), escape(words))
    stdout_console().print(table)


def show_changes(changes: Changes, source: str) -> None:
    """The difference, account by account."""
    console = stdout_console()
    console.print(f"{source} against the accounts of the arena:", highlight=False, markup=False)
    for line in change_lines(changes):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def change_lines(changes: Changes) -> Iterator[str]:
    """One line for each account, and one for each changed field below it."""
    diff = changes.accounts
    for account in diff.added:
        back = ", comes back with its history" if account.id in changes.returning else ""
        yield f"  + {account.id}  {summary(account)}{back}"
    for change in diff.changed:
        yield f"  ~ {change.account_id}"
        for field in change.fields:
            yield f"      {_change(field)}"
    left = {ties.account_id: ties.positions for ties in changes.ties}
    for account in diff.removed:
        positions = ", ".join(left.get(account.id, ()))
        stays = f"; its positions in {positions} stay open" if positions else ""
        yield f"  - {account.id}  {summary(account)}{stays}"
    for account_id in diff.unchanged:
        is_kept = account_id in changes.kept
        yield f"  = {account_id}  " + ("not in the file, stays" if is_kept else "unchanged")


def summary(account: Account) -> str:
    """An account in a few words."""
    money = "live"
    if account.mode is Mode.PAPER:
        money = f"{plain(account.initial_equity)} USDT paper"
    return f"{account.model or account.strategy} on {account.traded}, every {account.interval}, {money}"


def _change(field: FieldChange) -> str:
    return f"{field.name}: {_text(field.before)} -> {_text(field.after)}"


def _text(value: Any) -> str:
    if value is ABSENT or value is None:
        return _NOTHING
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _flat(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _state(account: Mapping[str, Any]) -> str:
    if account["removed_at"]:
        return "removed"
    if account["operator_state"] == "halted":
        return f"halted by the operator, {account['status']}"
    if account["trading_state"] != "active":
        return f"{account['status']}, risk: {account['trading_state']}"
    return str(account["status"])


def _mode(account: Mapping[str, Any]) -> str:
    return "live, not permitted" if account["permitted"] is False else str(account["mode"])


def _live(found: Mapping[str, Any]) -> str:
    permit = found["permit"]
    if permit is None:
        return f"not permitted: perpflow accounts go-live {found['id']}"
    return (
        f"permitted since {_date(permit['granted_at'])} for {permit['owner']} ({permit['network']})"
    )


def _is_set(secret: Mapping[str, Any]) -> str:
    return {True: "(set)", False: "(not set)", None: "(kept by Prefect)"}[secret["is_set"]]


def _date(text: str | None) -> str:
    return _NOTHING if text is None else f"{text[:19].replace('T', ' ')} UTC"
