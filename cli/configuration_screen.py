"""The tables of `perpflow config show`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from cli.console import stdout_console


def show_configuration(found: Mapping[str, Any]) -> None:
    """Settings with their sources, then the accounts."""
    console = stdout_console()
    settings = Table("Setting", "Value", "Source", box=box.SIMPLE_HEAD, pad_edge=False)
    for name, entry in found["settings"].items():
        value = "-" if entry["value"] is None else str(entry["value"])
        settings.add_row(name, escape(value), entry["source"])
    console.print(settings)
    accounts = Table(
        *("Account", "Agent", "Assets", "Interval", "Equity", "Leverage", "Stop"),
        title=f"Accounts: {escape(found['accounts_source'])}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for account in found["accounts"]:
        limits = account["limits"]
        accounts.add_row(
            account["id"],
            escape(account.get("model") or account["strategy"]),
            account["traded"],
            account["interval"],
            account.get("initial_equity", "at venue"),
            f"{limits['leverage']} (at most {limits['max_leverage']})",
            "required" if limits["requires_stop"] else "none",
        )
    console.print(accounts)
    for account in found["accounts"]:
        for key, secret in account["secrets"].items():
            state = {True: "set", False: "not set", None: "kept by Prefect"}[secret["is_set"]]
            line = f"{account['id']}  {key} = {secret['reference']} ({state})"
            console.print(line, markup=False, highlight=False, soft_wrap=True)
