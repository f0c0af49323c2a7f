"""One arena for each data folder: the lock, and the record of what is running.

The lock (`up.lock`) says whether an arena runs; the record (`run.json`) says which and where. The
record survives a crash, so that the next start can clean up; the lock does not, so that it can.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil

from cli.exit_codes import ExitCode
from cli.failures import CommandFailed

LOCK_FILE = "up.lock"
RECORD_FILE = "run.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRecord:
    """One part as its supervisor last saw it."""

    name: str
    pid: int | None
    state: str
    """A value of `PartState`."""
    since: float
    """Of the state, seconds since the epoch."""
    restarts: int
    log: str
    last_failure: str
    """How its last life ended, in words; empty before the first failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A start of the arena; nothing in it is secret."""

    run_id: str
    pid: int
    """Of the `perpflow up` process."""
    create_time: float
    """Of that process, seconds since the epoch: a recycled pid has another."""
    url: str
    prefect_url: str
    parts: tuple[PartRecord, ...] = ()
    prompts: str | None = None
    """Folder of the user's own prompts, which the worker reads."""
    schema_version: int = 2

    def process(self) -> psutil.Process | None:
        """The `perpflow up` process, None when it has ended."""
        try:
            process = psutil.Process(self.pid)
            return process if abs(process.create_time() - self.create_time) < 1.0 else None
        except psutil.NoSuchProcess:
            return None


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold the data folder's lock. Raises `CommandFailed` when an arena runs there."""
    with (folder / LOCK_FILE).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandFailed(ExitCode.ALREADY_RUNNING, _already(folder)) from None
        yield


def require_not_running(folder: Path) -> None:
    """Raises `CommandFailed` when an arena runs there; takes nothing and makes nothing."""
    if is_running(folder):
        raise CommandFailed(ExitCode.ALREADY_RUNNING, _already(folder))


def is_running(folder: Path) -> bool:
    """Whether some process holds the data folder's lock."""
    path = folder / LOCK_FILE
    if not path.exists():
        return False
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def load_record(folder: Path) -> RunRecord | None:
    """The last start's record; None when there is none or it cannot be read."""
    try:
        record = RunRecord(**json.loads((folder / RECORD_FILE).read_text(encoding="utf-8")))
        parts = tuple(PartRecord(**part) for part in record.parts)  # pyright: ignore[reportCallIssue] - read back from JSON
        return replace(record, parts=parts)
    except (OSError, ValueError, TypeError):
        return None


def save_record(folder: Path, record: RunRecord) -> None:
    """Write the record in one step."""
    path = folder / RECORD_FILE
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(asdict(record)), encoding="utf-8")
    draft.chmod(0o600)
    os.replace(draft, path)


def remove_record(folder: Path) -> None:
    """After everything has stopped."""
    (folder / RECORD_FILE).unlink(missing_ok=True)


def _already(folder: Path) -> str:
    record = load_record(folder)
    where = f" at {record.url} (process {record.pid})" if record else ""
    return (
        f"an arena already runs in {folder}{where}; stop it with: perpflow down, "
        "or start a second one with other ports and PERPFLOW_HOME=<another folder>"
    )
