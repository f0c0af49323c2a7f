"""The one screen of `perpflow status`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cli.console import stdout_console
from cli.leaderboard import money, percent, show_leaderboard


def show_status(status: Mapping[str, Any]) -> None:
    """Totals, then the accounts, then where to look."""
    console = stdout_console()
    totals = status["totals"]
    facts = (
        "PAPER",
        f"up {_duration(status['up_seconds'])}",
        f"equity {money(totals['equity'])} USDT ({percent(totals['total_return'])})",
        f"24 h {percent(totals['change_24h'])}",
        f"open {totals['open_positions']}",
        f"exposure {money(totals['gross_exposure'])} USDT",
        f"BTC hold {percent(totals['btc_hold'])}",
    )
    console.print("   ".join(facts), highlight=False, soft_wrap=True, markup=False)
    show_leaderboard(status, console)
    for row in status["items"]:
        if row["state"] != "active" and row["state_reason"]:
            text = f"! {row['account_id']}: {row['state_reason']}"
            console.print(text, highlight=False, soft_wrap=True, markup=False)
    where = f"{status['url']}   Prefect {status['prefect_url']}   data {status['home']}"
    console.print(where, highlight=False, soft_wrap=True, markup=False)


def _duration(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours} h {minutes} m"
    return f"{minutes} m {left} s" if minutes else f"{left} s"
