"""Where tables go: as wide as the terminal, and wide enough when there is none."""

from __future__ import annotations

import sys

from rich.console import Console

_FILE_WIDTH = 120


def stdout_console() -> Console:
    """For data; without colours and with a fixed width when it is not a terminal."""
    return Console(width=None if sys.stdout.isatty() else _FILE_WIDTH)
