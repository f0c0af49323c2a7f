"""`perpflow doctor`: run every check, print one line for each, say how it went."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from adapters.config.settings import effective_environment, load_settings
from cli.command_settings import print_json
from cli.doctor import checks, database
from cli.doctor.checks import Check, Surroundings, Verdict
from cli.doctor.screen import result_document, show_results
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


def run_doctor(
    overrides: Mapping[str, object], *, account_id: str | None, as_json: bool
) -> ExitCode:
    """All checks of the machine, or those of one account at its venue.

    `FAILED` when one of them failed. Raises `ConfigurationError` and `CommandFailed`.
    """
    environ = effective_environment(os.environ, Path.cwd())
    settings = load_settings(environ, overrides)
    if account_id is not None:
        from cli.live.doctor import examine_account

        results = examine_account(settings, environ, account_id)
    else:
        around = Surroundings(settings=settings, environ=environ)
        results = tuple(check(around) for check in CHECKS)
    if as_json:
        about = {} if account_id is None else {"account": account_id}
        checked = [result_document(result) for result in results]
        print_json({"schema_version": 1, **about, "checks": checked})
    else:
        show_results(results)
    failed = any(result.verdict is Verdict.FAIL for result in results)
    return ExitCode.FAILED if failed else ExitCode.DONE
