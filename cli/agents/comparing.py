"""`perpflow agents compare A B`: two accounts side by side, from the API of the arena.

The figures are the API's own; percent appears only here, where a person reads it. Cost is what is known:
requests of unknown price are counted beside it, and where nothing is known it is unknown, not zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from cli.local_api import fetch

_NONE = "-"


def fetch_pair(base_url: str, first: str, second: str) -> list[dict[str, Any]]:
    """Performance, model and use of both. Raises `CommandFailed`."""
    return [_fetch_one(base_url, account_id) for account_id in (first, second)]


def _fetch_one(base_url: str, account_id: str) -> dict[str, Any]:
    id_ = quote(account_id, safe="")
    account = fetch(base_url, f"/api/v1/accounts/{id_}")
    asked = fetch(base_url, f"/api/v1/model-calls?account_id={id_}&purpose=decide&limit=1")["items"]
    [figures] = fetch(base_url, f"/api/v1/performance?account_id={id_}")["items"]
    usage = fetch(base_url, f"/api/v1/accounts/{id_}/model-usage")
    return {
        "account_id": account_id,
        "strategy": account["strategy"],
        "model": usage["model"],
        "prompt": f"{asked[0]['prompt_name']} {asked[0]['prompt_version']}" if asked else None,
        "performance": figures,
        "model_usage": usage,
    }


def show_pair(found: Sequence[Mapping[str, Any]]) -> None:
    """A table for a person."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from cli.console import stdout_console

    first, second = found
    heads = ("", escape(first["account_id"]), escape(second["account_id"]))
    table = Table(*heads, box=box.SIMPLE_HEAD, pad_edge=False)
    for line in compared_lines(first, second):
        table.add_row(*(escape(cell) for cell in line))
    stdout_console().print(table)


def compared_lines(
    first: Mapping[str, Any], second: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    """Figure, first, second."""
    columns = [dict(_lines_of(each)) for each in (first, second)]
    for name in columns[0]:
        yield name, columns[0][name], columns[1][name]


def _lines_of(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    figures, usage = found["performance"], found["model_usage"]
    yield "decides", found["model"] or found["strategy"]
    yield "prompt", found["prompt"] or _NONE
    yield "market days", f"{figures['days']:.1f}"
    yield "return", _percent(figures["total_return"])
    yield "largest drawdown", _percent(figures["max_drawdown"])
    yield "Sharpe", _number(figures["sharpe"])
    yield "trades", str(figures["trades"])
    yield "win rate", _percent(figures["win_rate"])
    yield "fees", _number(figures["fees"])
    yield "model cost a day", _cost(usage)
    yield "questions a day", _questions(usage)


def _cost(usage: Mapping[str, Any]) -> str:
    """Mean of the days on which something was asked, in USD; requests of unknown price likewise."""
    days, used = len(usage["days"]), usage["last_30_days"]
    if not days:
        return _NONE
    known = f"{float(used['money']) / days:.4f} USD"
    if not used["unknown_money"]:
        return known
    unknown = f"{used['unknown_money'] / days:.1f} requests of unknown price"
    return unknown if used["unknown_money"] == used["calls"] else f"{known} and {unknown}"


def _questions(usage: Mapping[str, Any]) -> str:
    days = len(usage["days"])
    return f"{usage['last_30_days']['questions'] / days:.1f}" if days else _NONE


def _percent(value: float | None) -> str:
    return _NONE if value is None else f"{value * 100:.2f} %"


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:,.2f}"
