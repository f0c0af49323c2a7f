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
        *("Account", "Strategy", "Assets", "Interval", "Equity", "Leverage", "Stop"),
        title=f"Accounts: {escape(found['accounts_source'])}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for account in found["accounts"]:
        limits = account["limits"]
        accounts.add_row(
            account["id"],
            account["strategy"],
            " ".join(account["assets"]),
            account["interval"],
            account["initial_equity"],
            f"{limits['leverage']} (at most {limits['max_leverage']})",
            "required" if limits["requires_stop"] else "none",
        )
    console.print(accounts)
