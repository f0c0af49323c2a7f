"""Writes the tables of the documents from the code, between `<!-- generated:NAME -->` marks.

`uv run python docs/generate.py` rewrites them; a test fails when a committed table differs.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import re
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adapters.config.llm_config import render_model_keys
from adapters.venues.aster.codes import render_codes
from api.field_table import render_fields
from api.model_shapes import DayShape, ModelCallShape, ModelUsageShape
from api.performance_shapes import PerformanceShape
from api.routes.leaderboard import LeaderboardRow
from api.routes.lists import PositionShape
from api.trade_shapes import TradeShape
from api.twin_shapes import TwinEntryShape, TwinShape, TwinSideShape
from cli.exit_codes import ExitCode
from deployments.prefect_settings import CLIENT_SETTINGS, SERVER_SETTINGS, WORKER_SETTINGS
from trading.decision.prompt import render_placeholders
from trading.decision.reply.outcomes import render_outcomes
from trading.exits.checks import EXIT_CHECKS
from trading.exits.invalidation.names import render_names
from trading.performance.catalogue_table import (
    render_figures,
    render_trade_record_figures,
    render_twin_figures,
)
from trading.risk.checks import ENTRY_CHECKS
from trading.risk.denials_table import render_denials, render_limit_keys, render_limits
from trading.strategies.catalogue import STRATEGIES, Strategy, parameter_ranges

FOLDER = Path(__file__).parent
MARK = re.compile(r"(<!-- generated:(\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def checks() -> str:
    """The order of the entry checks, with the first line of each docstring."""
    lines = ["| # | check | rule |", "|---:|---|---|"]
    for number, check in enumerate(ENTRY_CHECKS, start=1):
        rule = (check.__doc__ or "").strip().splitlines()[0]
        lines.append(f"| {number} | `{check.__name__}` | {rule} |")
    return "\n".join(lines)


def exit_checks() -> str:
    """The order of the exit checks, with the first line of each docstring."""
    lines = ["| # | check | reason | leaves when |", "|---:|---|---|---|"]
    for number, check in enumerate(EXIT_CHECKS, start=1):
        rule = (check.__doc__ or "").strip().splitlines()[0]
        reason = check.__name__.removeprefix("check_")
        lines.append(f"| {number} | `{check.__name__}` | `{reason}` | {rule} |")
    return "\n".join(lines)


def strategies() -> str:
    """Each strategy: its idea, what it reads, its warm-up and its parameters."""
    blocks: list[str] = []
    for strategy in STRATEGIES.values():
        blocks.append(f"### `{strategy.name}`: {strategy.title}\n\n{_idea(strategy)}")
        blocks.append(_reads(strategy))
        ranges = parameter_ranges(strategy.parameters)
        if ranges:
            meaning = _meanings(strategy.parameters)
            blocks.append(" ".join((strategy.parameters.__doc__ or "").split()))
            rows = ["| parameter | default | range | |", "|---|---:|---|---|"]
            rows += [
                f"| `{r.name}` | {r.default:g} | {r.low:g} to {r.high:g} | {meaning.get(r.name, '')} |"
                for r in ranges
            ]
            blocks.append("\n".join(rows))
    return "\n\n".join(blocks)


def _idea(strategy: Strategy[Any]) -> str:
    """What the module says of itself, without its name."""
    text = " ".join((sys.modules[strategy.signal.__module__].__doc__ or "").split())
    idea = text.partition(": ")[2]
    return idea[:1].upper() + idea[1:]


def _reads(strategy: Strategy[Any]) -> str:
    """What it needs of a market, and from when on it has an opinion."""
    reads = [f"{count} x {frame} closed candles" for frame, count in strategy.timeframes.items()]
    reads += ["the order book"] if strategy.needs_book else []
    reads += ["the funding that was paid"] if strategy.needs_fundings else []
    warm_up = strategy.warm_up(strategy.parameters())
    stop = "Places a stop." if strategy.takes_stop else "Takes no stop (benchmark)."
    return (
        f"Needs {' and '.join(reads)}; first opinion at candle {warm_up} with the defaults. {stop}"
    )


def _meanings(parameters: type) -> dict[str, str]:
    """The sentence under each field of a parameter record."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(parameters)))
    fields = [line for part in tree.body if isinstance(part, ast.ClassDef) for line in part.body]
    found: dict[str, str] = {}
    for before, after in itertools.pairwise(fields):
        if (
            isinstance(before, ast.AnnAssign)
            and isinstance(before.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        ):
            words = " ".join(str(after.value.value).split())
            found[before.target.id] = words.replace("|", "\\|")
    return found


def exit_codes() -> str:
    """Exit codes with their meaning."""
    rows = [f"| {code.value} | {code.meaning} |" for code in ExitCode]
    return "\n".join(["| code | meaning |", "|---:|---|", *rows])


def prefect_settings() -> str:
    """Every variable that we set for Prefect, with its reason."""
    lines = ["| for | variable | value | because |", "|---|---|---|---|"]
    for whom, settings in (
        ("server", SERVER_SETTINGS),
        ("everybody", CLIENT_SETTINGS),
        ("worker", WORKER_SETTINGS),
    ):
        for name, (value, reason) in settings.items():
            lines.append(f"| {whom} | `{name}` | {f'`{value}`' if value else 'empty'} | {reason} |")
    return "\n".join(lines)


SOURCES: dict[str, Callable[[], str]] = {
    "denials": render_denials,
    "limits": render_limits,
    "limit_keys": render_limit_keys,
    "model_keys": render_model_keys,
    "checks": checks,
    "exit_checks": exit_checks,
    "condition_names": render_names,
    "strategies": strategies,
    "reply_outcomes": render_outcomes,
    "placeholders": render_placeholders,
    "exit_codes": exit_codes,
    "prefect_settings": prefect_settings,
    "aster_codes": render_codes,
    "figures": render_figures,
    "trade_record_figures": render_trade_record_figures,
    "twin_figures": render_twin_figures,
    "performance_fields": lambda: render_fields(PerformanceShape),
    "leaderboard_fields": lambda: render_fields(LeaderboardRow),
    "trade_fields": lambda: render_fields(TradeShape),
    "position_fields": lambda: render_fields(PositionShape),
    "model_call_fields": lambda: render_fields(ModelCallShape),
    "model_usage_fields": lambda: render_fields(ModelUsageShape),
    "model_day_fields": lambda: render_fields(DayShape),
    "twin_fields": lambda: render_fields(TwinShape),
    "twin_side_fields": lambda: render_fields(TwinSideShape),
    "twin_entry_fields": lambda: render_fields(TwinEntryShape),
}


def rendered(text: str) -> str:
    """A document with its generated parts as the code has them now."""
    return MARK.sub(lambda m: f"{m[1]}{SOURCES[m[2]]().strip()}\n{m[3]}", text)


def main() -> int:
    """Rewrite every document that has marks; returns how many changed."""
    changed = 0
    for path in sorted(FOLDER.glob("*.md")):
        before = path.read_text()
        after = rendered(before)
        if after != before:
            path.write_text(after)
            changed += 1
    return changed


if __name__ == "__main__":
    sys.stdout.write(f"{main()} document(s) rewritten\n")
