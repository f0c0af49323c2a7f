"""The question before something that cannot simply be undone."""

from __future__ import annotations

import sys

import typer

from cli.exit_codes import ExitCode
from cli.failures import CommandFailed


def require_yes(question: str, *, yes: bool) -> None:
    """Returns when `yes` was given or a person at a terminal agrees.

    Raises `CommandFailed` when the answer is no, and when there is nobody to ask.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandFailed(
            ExitCode.REFUSED,
            "this needs a confirmation, and there is no terminal to ask on; nothing was changed, "
            "add --yes to go ahead",
        )
    if not typer.confirm(question, err=True):
        raise CommandFailed(ExitCode.REFUSED, "nothing was changed")
