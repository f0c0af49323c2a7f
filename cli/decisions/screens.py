"""The table of `perpflow decisions list`. Percent and short numbers appear only where a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from cli.console import stdout_console
from cli.terminal_text import shown_on_one_line
from trading.units import plain

_ID_DIGITS = 8


def show_calls(found: Mapping[str, Any]) -> None:
    """One line for each call; model text is text, never markup."""
    console = stdout_console()
    if not found["items"]:
        console.print("no call of a model fits")
        return
    heads = ("Call", "Market time", "Account", "Model", "For", "Outcome", "Decisions", "USD")
    table = Table(*heads, box=box.SIMPLE_HEAD, pad_edge=False)
    for call in found["items"]:
        table.add_row(*(Text(shown_on_one_line(cell)) for cell in _cells(call)))
    console.print(table)
    if found["has_more"]:
        console.print("there are more: --limit, or --until with the last time shown")


def time_words(at: datetime) -> str:
    """To the second, in UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def cost_words(call: Mapping[str, Any]) -> str:
    """In USD; what nobody told is not zero."""
    if call["cost"] is not None:
        return plain(call["cost"])
    known = call["known_cost"]
    return f"unknown, {plain(known)} known" if known else "unknown"


def _cells(call: Mapping[str, Any]) -> tuple[str, ...]:
    decided = ", ".join(
        " ".join(filter(None, (each["asset"], each["action"], _verdict(each))))
        for each in call["decisions"]
    )
    return (
        str(call["id"])[:_ID_DIGITS],
        f"{call['at']:%Y-%m-%d %H:%M}",
        call["account_id"],
        call["model_asked"],
        call["purpose"],
        call["outcome"],
        decided or "-",
        cost_words(call),
    )


def _verdict(decision: Mapping[str, Any]) -> str | None:
    """What risk said, where it says more than the action."""
    verdict = decision["verdict"]
    return None if decision["action"] == "hold" or verdict == "approved" else verdict
