"""The log files of an arena: which there are, their ends, and their rotation while they are written.

A part writes to its file itself, in append mode. A full file is copied and then emptied in place.
Piping the output through this process instead would tie the parts to it: they would block while it
is stopped and break when it is killed, in the middle of a cycle. The price is that a line written
between the copy and the emptying (microseconds) is lost.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from cli.up.place import logs_folder

MAX_LOG_BYTES = 10_000_000
KEPT_LOGS = 3
"""Older files of each part: `<part>.log.1` is the newest."""
_TAIL_BYTES = 20_000
_LONGEST_LINE = 2_000


def log_files(home: Path) -> Mapping[str, Path]:
    """Path of each part's log by the part's name, in the order of their start."""
    folder = logs_folder(home)
    return {
        "up": folder / "up.log",
        "postgres": home / "postgres" / "server.log",
        **{
            name: folder / f"{name}.log"
            for name in ("prefect", "api", "worker", "control", "streams")
        },
    }


def rotate_if_full(log: Path, *, limit: int = MAX_LOG_BYTES) -> bool:
    """Set the content aside once it exceeds `limit` bytes; whoever writes goes on undisturbed."""
    if not log.exists() or log.stat().st_size <= limit:
        return False
    for number in range(KEPT_LOGS, 1, -1):
        younger = older(log, number - 1)
        if younger.exists():
            os.replace(younger, older(log, number))
    with log.open("r+b") as source, older(log, 1).open("wb") as copy:
        # Until nothing is left to read: what comes later than that is written after the emptying.
        shutil.copyfileobj(source, copy, 1 << 20)
        source.truncate(0)
    shutil.copystat(log, older(log, 1))
    return True


def older(log: Path, number: int) -> Path:
    """Path of an older log; 1 is the newest of them."""
    return log.with_name(f"{log.name}.{number}")


def last_lines(log: Path, count: int, *, tail_bytes: int = _TAIL_BYTES) -> list[str]:
    """The end of a log as text; empty when there is none."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            start = max(0, size - max(tail_bytes, count * 400))
            file.seek(start)
            lines = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    whole = lines[1:] if start > 0 else lines
    return [printable(line) for line in whole[-count:]]


def printable(line: str) -> str:
    """A line that does nothing to a terminal: text of models and venues may stand in a log."""
    shown = line[:_LONGEST_LINE].expandtabs()
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in shown)
