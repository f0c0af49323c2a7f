"""Writes the tables of the documents from the code, between `<!-- generated:NAME -->` marks.

`uv run python docs/generate.py` rewrites them; a test fails when a committed table differs.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from cli.exit_codes import ExitCode
from deployments.prefect_settings import CLIENT_SETTINGS, SERVER_SETTINGS, WORKER_SETTINGS
from trading.risk.checks import ENTRY_CHECKS
from trading.risk.denials_table import render_denials
from trading.strategies.catalogue import STRATEGIES, parameter_ranges

FOLDER = Path(__file__).parent
MARK = re.compile(r"(<!-- generated:(\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def checks() -> str:
    """The order of the entry checks, with the first line of each docstring."""
    lines = ["| # | check | rule |", "|---:|---|---|"]
    for number, check in enumerate(ENTRY_CHECKS, start=1):
        rule = (check.__doc__ or "").strip().splitlines()[0]
        lines.append(f"| {number} | `{check.__name__}` | {rule} |")
    return "\n".join(lines)


def strategies() -> str:
    """Each strategy with what it reads and its parameters."""
    blocks: list[str] = []
    for strategy in STRATEGIES.values():
        reads = ", ".join(f"{count} x {frame}" for frame, count in strategy.timeframes.items())
        stop = "places a stop" if strategy.takes_stop else "takes no stop (benchmark)"
        blocks.append(
            f"### `{strategy.name}`: {strategy.title}\n\nReads {reads} closed candles; {stop}."
        )
        ranges = parameter_ranges(strategy.parameters)
        if ranges:
            rows = ["| parameter | default | range |", "|---|---:|---|"]
            rows += [f"| `{r.name}` | {r.default:g} | {r.low:g} to {r.high:g} |" for r in ranges]
            blocks.append("\n".join(rows))
    return "\n\n".join(blocks)


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
    "checks": checks,
    "strategies": strategies,
    "exit_codes": exit_codes,
    "prefect_settings": prefect_settings,
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
