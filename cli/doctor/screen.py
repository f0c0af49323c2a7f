"""What the checks print: one line for each, with its fix, and how many went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.markup import escape

from cli.console import stdout_console
from cli.doctor.checks import Result, Verdict

_COLOURS = {
    Verdict.OK: "green",
    Verdict.WARN: "yellow",
    Verdict.FAIL: "red",
    Verdict.SKIP: "dim",
}
_NAME_WIDTH = 9


def show_results(results: Sequence[Result]) -> None:
    """The report for people."""
    console = stdout_console()
    width = max(_NAME_WIDTH, *(len(result.name) for result in results))
    for result in results:
        colour = _COLOURS[result.verdict]
        fix = f"  -> {result.fix}" if result.fix else ""
        line = (
            f"[{colour}]{result.verdict:<4}[/]  {escape(result.name):<{width}} "
            f"{escape(result.text)}{escape(fix)}"
        )
        console.print(line, highlight=False, soft_wrap=True)
    failed = sum(result.verdict is Verdict.FAIL for result in results)
    warned = sum(result.verdict is Verdict.WARN for result in results)
    console.print(f"{failed} failed, {warned} warned", highlight=False)


def result_document(result: Result) -> dict[str, Any]:
    """A line of the report as data."""
    return asdict(result)
