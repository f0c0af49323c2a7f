"""`perpflow doctor`: run every check, print one line for each, say how it went."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from rich.markup import escape

from adapters.config.settings import effective_environment, load_settings
from cli.console import stdout_console
from cli.doctor import checks, database
from cli.doctor.checks import Check, Result, Surroundings, Verdict
from cli.exit_codes import ExitCode

CHECKS: tuple[Check, ...] = (
    checks.check_python,
    checks.check_disk,
    checks.check_memory,
    checks.check_folder,
    checks.check_ports,
    checks.check_packages,
    checks.check_talib,
    checks.check_configuration,
    checks.check_env_file,
    database.check_binaries,
    database.check_database,
)

_COLOURS = {
    Verdict.OK: "green",
    Verdict.WARN: "yellow",
    Verdict.FAIL: "red",
    Verdict.SKIP: "dim",
}


def run_doctor(overrides: Mapping[str, object], *, as_json: bool) -> ExitCode:
    """All checks; `FAILED` when one of them failed. Raises `ConfigurationError`."""
    environ = effective_environment(os.environ, Path.cwd())
    around = Surroundings(settings=load_settings(environ, overrides), environ=environ)
    results = [check(around) for check in CHECKS]
    if as_json:
        document = {"schema_version": 1, "checks": [asdict(result) for result in results]}
        print(json.dumps(document, indent=2))  # noqa: T201 - the command's output
    else:
        _show(results)
    failed = any(result.verdict is Verdict.FAIL for result in results)
    return ExitCode.FAILED if failed else ExitCode.DONE


def _show(results: list[Result]) -> None:
    console = stdout_console()
    for result in results:
        colour = _COLOURS[result.verdict]
        fix = f"  -> {result.fix}" if result.fix else ""
        line = (
            f"[{colour}]{result.verdict:<4}[/]  {escape(result.name):<9} "
            f"{escape(result.text)}{escape(fix)}"
        )
        console.print(line, highlight=False, soft_wrap=True)
    failed = sum(result.verdict is Verdict.FAIL for result in results)
    warned = sum(result.verdict is Verdict.WARN for result in results)
    console.print(f"{failed} failed, {warned} warned", highlight=False)
