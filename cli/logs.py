"""`perpflow logs`: the ends of the parts' logs, and what comes after them.

Several parts are shown with their names in front. Lines are printed as text that does nothing to a
terminal. A log that is rotated while it is followed goes on from its new beginning.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.up.logs import last_lines, log_files, printable

POLL_SECONDS = 0.3
_BLOCK = 1 << 20


def choose_logs(home: Path, part: str | None) -> Mapping[str, Path]:
    """The logs to show, by part. Raises `CommandFailed` for a part that there is not."""
    known = log_files(home)
    if part is not None and part not in known:
        raise CommandFailed(
            ExitCode.WRONG_USAGE, f"there is no part {part}; the parts are {', '.join(known)}"
        )
    chosen = known if part is None else {part: known[part]}
    if not any(log.exists() for log in chosen.values()):
        raise CommandFailed(
            ExitCode.UNREACHABLE,
            f"there are no logs of {part or 'an arena'} in {home} yet; start one with: perpflow up",
        )
    return chosen


def show_logs(logs: Mapping[str, Path], *, lines: int, write: Callable[[str], None]) -> None:
    """The last lines of each."""
    for name, log in logs.items():
        for line in last_lines(log, lines):
            write(_prefix(name, logs) + line)


def follow_logs(logs: Mapping[str, Path], *, write: Callable[[str], None]) -> None:
    """What is written from now on, until interrupted."""
    tails = [_Tail(log, _prefix(name, logs)) for name, log in logs.items()]
    while True:
        for tail in tails:
            for line in tail.new_lines():
                write(line)
        time.sleep(POLL_SECONDS)


def _prefix(name: str, logs: Mapping[str, Path]) -> str:
    if len(logs) == 1:
        return ""
    return f"{name:<{max(map(len, logs))}} | "


class _Tail:
    """One log and how far it has been shown."""

    def __init__(self, log: Path, prefix: str) -> None:
        self._log = log
        self._prefix = prefix
        self._at = log.stat().st_size if log.exists() else 0
        self._rest = b""

    def new_lines(self) -> list[str]:
        """Whole lines since the last call; the beginning of a line waits for its end."""
        try:
            with self._log.open("rb") as file:
                if file.seek(0, os.SEEK_END) < self._at:
                    self._at, self._rest = 0, b""
                file.seek(self._at)
                block = file.read(_BLOCK)
        except FileNotFoundError:
            return []
        self._at += len(block)
        *lines, self._rest = (self._rest + block).split(b"\n")
        return [self._prefix + printable(line.decode(errors="replace")) for line in lines]
