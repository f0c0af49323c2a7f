"""What the exit status of `perpflow` means. Documented in docs/cli.md; scripts rely on it."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The status a command ends with; `meaning` is the sentence of the documents."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> ExitCode:
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    DONE = (0, "Done.")
    FAILED = (1, "A part of the arena is down or was given up, or a check of `doctor` failed.")
    WRONG_USAGE = (2, "The command line itself is wrong.")
    INVALID_CONFIGURATION = (
        3,
        "A file, an option or a variable is invalid or missing, market data included.",
    )
    BAD_CREDENTIALS = (4, "Credentials are missing or were refused.")
    UNREACHABLE = (5, "A service cannot be reached: database, Prefect, API.")
    REFUSED = (
        6,
        "A safety rule: another market's history, a database newer than the code, "
        "an account with open positions, a confirmation that nobody gave.",
    )
    PARTLY_DONE = (7, "Some accounts failed, the others are done.")
    PORT_TAKEN = (8, "A port that perpflow needs is taken by another program.")
    ALREADY_RUNNING = (9, "This data folder is already run by another `perpflow up`.")
    INTERRUPTED = (130, "Interrupted by Ctrl-C.")
