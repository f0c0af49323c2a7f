"""What the exit status of `perpflow` means. Documented; scripts rely on it."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The status a command ends with."""

    DONE = 0
    FAILED = 1
    """A part of the arena died, or a check of `doctor` failed."""
    WRONG_USAGE = 2
    """The command line itself; Typer ends with the same number."""
    INVALID_CONFIGURATION = 3
    """A file or variable is invalid or missing."""
    BAD_CREDENTIALS = 4
    UNREACHABLE = 5
    """Database, Prefect, API, venue or model provider."""
    REFUSED = 6
    """A safety rule: another market's history, a newer database, an unconfirmed live account."""
    PARTLY_DONE = 7
    """Some accounts failed."""
    PORT_TAKEN = 8
    ALREADY_RUNNING = 9
    INTERRUPTED = 130
