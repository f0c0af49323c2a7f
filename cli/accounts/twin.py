"""`perpflow accounts twin ID`: a live account beside its paper twin, from the API of the arena.

The figures are the API's own; percent appears only here, where a person reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from cli.command_settings import DataDir, Json, command_settings, print_json

_NONE = "-"
_ENTRIES = 10


def twin(
    account_id: Annotated[str, typer.Argument(metavar="ID", help="Of either of the two.")],
    *,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """A live account beside its paper twin: returns, fills, and how the venue answers."""
    settings, _ = command_settings(PERPFLOW_HOME=data_dir)
    from urllib.parse import quote

    from cli.arena_control import running_url
    from cli.local_api import fetch

    found = fetch(running_url(settings), f"/api/v1/accounts/{quote(account_id, safe='')}/twin")
    if as_json:
        print_json({"schema_version": 1, **found})
    else:
        show_twin(found)


def register_on(accounts_app: typer.Typer) -> None:
    """Add the command to `perpflow accounts`."""
    accounts_app.command("twin")(twin)


def show_twin(found: Mapping[str, Any]) -> None:
    """Two tables for a person: the pair, and its newest entries."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from cli.console import stdout_console

    live, paper = found["live"], found["paper"]
    table = Table(
        "",
        escape(f"live {live['account_id']}"),
        escape(f"paper {paper['account_id']}"),
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for line in pair_lines(found):
        table.add_row(*(escape(cell) for cell in line))
    console = stdout_console()
    console.print(table)
    entries = found["newest_entries"][:_ENTRIES]
    if not entries:
        return
    heads = ("Decided", "Entry", "Live price", "Paper price", "Tracking")
    newest = Table(*heads, title="Newest entries", title_justify="left", box=box.SIMPLE_HEAD)
    for each in entries:
        newest.add_row(
            f"{each['decided_at'][:19].replace('T', ' ')} UTC",
            escape(f"{each['side']} {each['asset']}"),
            _amount(each["live_price"]),
            _amount(each["paper_price"]),
            _bps(each["tracking_bps"]),
        )
    console.print(newest)


def pair_lines(found: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Figure, live, paper; what belongs to the pair or to the venue stands under live."""
    live, paper = found["live"], found["paper"]
    yield "state", live["state"], paper["state"]
    yield "equity", _amount(live["equity"]), _amount(paper["equity"])
    yield "return", _percent(live["total_return"]), _percent(paper["total_return"])
    yield "divergence", _percent(found["divergence"]), ""
    yield "slippage", _bps(found["slippage_bps"]), _bps(found["paper_slippage_bps"])
    yield "fills against paper", _bps(found["tracking_bps"]), ""
    yield "cost of that", _amount(found["tracking_cost"]), ""
    yield "entries filled alone", str(found["only_live"]), str(found["only_paper"])
    filled = f"{found['wanted_filled']} of {found['wanted_sent']}"
    yield "orders filled", f"{_share(found['execution_success'])} ({filled})", ""
    yield "errors of the venue", f"{_share(found['error_rate'])} ({_errors(found)})", ""
    yield "differences in 24 h", _count(found["differences_24h"]), ""
    frozen = found["frozen"]
    yield "frozen now", _NONE if frozen is None else " ".join(frozen) or "nothing", ""


def _errors(found: Mapping[str, Any]) -> str:
    return (
        f"{found['orders_refused']} refused, {found['orders_unknown']} unknown,"
        f" {found['orders_unreached']} unreached of {found['orders_sent']}"
    )


def _amount(value: float | None) -> str:
    return _NONE if value is None else f"{value:,.2f}"


def _percent(value: float | None) -> str:
    return _NONE if value is None else f"{value * 100:+.2f} %"


def _share(value: float | None) -> str:
    return _NONE if value is None else f"{value * 100:.1f} %"


def _bps(value: float | None) -> str:
    return _NONE if value is None else f"{value:+.1f} bps"


def _count(value: int | None) -> str:
    return _NONE if value is None else str(value)
