"""A command that cannot go on: one sentence for a person, one number for a script."""

from __future__ import annotations

from cli.exit_codes import ExitCode


class CommandFailed(Exception):
    """Ends the command; the message names the thing, the cause and the next step."""

    def __init__(self, code: ExitCode, message: str) -> None:
        super().__init__(message)
        self.code = code
