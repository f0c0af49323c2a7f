"""The one screen of `perpflow status`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.console import stdout_console
from cli.leaderboard import mode_words, money, percent, show_leaderboard

_MEGA = 1_000_000
_NONE = "-"


def show_status(status: Mapping[str, Any]) -> None:
    """What is wrong, totals, accounts, parts, and where to look."""
    console = stdout_console()
    for problem in status["problems"]:
        _say(console, f"! {problem}")
    _show_accounts(status, console)
    console.print(_parts_table([status["supervisor"], *status["parts"]], home=status["home"]))
    where = f"{status['url']}   Prefect {status['prefect_url']}   data {status['home']}"
    _say(console, where)


def _show_accounts(status: Mapping[str, Any], console: Console) -> None:
    up = f"up {_duration(status['up_seconds'])}"
    totals = status["totals"]
    if totals is None:
        _say(console, f"{up}   no figures while the API is away")
        return
    facts = (
        mode_words(row["mode"] for row in status["items"]),
        up,
        f"equity {money(totals['equity'])} USDT ({percent(totals['total_return'])})",
        f"24 h {percent(totals['change_24h'])}",
        f"open {totals['open_positions']}",
        f"exposure {money(totals['gross_exposure'])} USDT",
        f"BTC hold {percent(totals['btc_hold'])}",
    )
    _say(console, "   ".join(facts))
    show_leaderboard(status, console)
    for row in status["items"]:
        if row["state"] != "active" and row["state_reason"]:
            _say(console, f"! {row['account_id']}: {row['state_reason']}")


def _parts_table(parts: Sequence[Mapping[str, Any]], *, home: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading, side in (
        ("Part", "left"),
        ("Process", "right"),
        ("State", "left"),
        ("For", "right"),
        ("Restarts", "right"),
        ("Memory", "right"),
    ):
        table.add_column(heading, justify=side, no_wrap=True)
    table.add_column("Log in the data folder", overflow="fold")
    for part in parts:
        memory = part["memory_bytes"]
        table.add_row(
            escape(part["name"]),
            _NONE if part["pid"] is None else str(part["pid"]),
            part["state"],
            _duration(part["since_seconds"]),
            str(part["restarts"]),
            _NONE if memory is None else f"{memory / _MEGA:,.0f} MB",
            escape(part["log"].removeprefix(f"{home}/")),
        )
    return table


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, soft_wrap=True, markup=False)


def _duration(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours} h {minutes} m"
    return f"{minutes} m {left} s" if minutes else f"{left} s"
