"""`perpflow leaderboard`: the ranked accounts, from the API of the running arena.

The figures are the API's own; percent appears only here, where a person reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.local_api import fetch

Row = Mapping[str, Any]
_NONE = "-"
_TOO_EARLY = "*"


def fetch_leaderboard(base_url: str) -> Mapping[str, Any]:
    """The API's leaderboard. Raises `CommandFailed`."""
    return fetch(base_url, "/api/v1/leaderboard")


def show_leaderboard(leaderboard: Mapping[str, Any], console: Console) -> None:
    """A table for a person, best total return first."""
    rows: Sequence[Row] = leaderboard["items"]
    console.print(_table(rows))
    if any(row["too_early"] for row in rows):
        console.print(
            f"{_TOO_EARLY} fewer than 30 trades or 30 days: too early to tell skill from luck",
            highlight=False,
            soft_wrap=True,
        )


def mode_words(modes: Iterable[str]) -> str:
    """What is at stake, the real money first: `1 LIVE, 4 PAPER`, or `PAPER` where none is live."""
    found = Counter(modes)
    if not found["live"]:
        return "PAPER"
    return ", ".join(f"{found[mode]} {mode.upper()}" for mode in ("live", "paper") if found[mode])


def money(value: Any) -> str:
    """Quote with two decimals and thousands."""
    return _NONE if value is None else f"{Decimal(str(value)):,.2f}"


def percent(value: float | None) -> str:
    """A ratio as signed percent."""
    return _NONE if value is None else f"{value * 100:+.2f} %"


def _table(rows: Sequence[Row]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading, side in (
        ("#", "right"),
        ("Account", "left"),
        ("Mode", "left"),
        ("Equity", "right"),
        ("Return", "right"),
        ("24 h", "right"),
        ("vs BTC", "right"),
        ("Max DD", "right"),
        ("Sharpe", "right"),
        ("Trades", "right"),
        ("State", "left"),
    ):
        table.add_column(heading, justify=side, no_wrap=True)
    for row in rows:
        table.add_row(*(escape(cell) for cell in _cells(row)))
    return table


def _cells(row: Row) -> tuple[str, ...]:
    drawdown = row["max_drawdown"]
    sharpe = row["sharpe"]
    return (
        str(row["rank"]),
        row["name"] + (f" {_TOO_EARLY}" if row["too_early"] else ""),
        row["mode"],
        money(row["equity"]),
        percent(row["total_return"]),
        percent(row["change_24h"]),
        percent(row["vs_btc_hold"]),
        percent(None if drawdown is None else -drawdown),
        _NONE if sharpe is None else f"{sharpe:.2f}",
        str(row["trades"]),
        row["state"],
    )
