"""The parts of a running arena: child processes, each in a session of its own, with a log file.

A session of its own means that Ctrl-C reaches only the parent, which then stops the parts in order.
Output is appended to `<data>/logs/<part>.log` by the part itself (see `logs`).
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.up.logs import last_lines, rotate_if_full
from cli.up.processes import PART_VARIABLE, RUN_VARIABLE, kill, marked

_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCommand:
    """How a part is started."""

    name: str
    """Also the name of its log file."""
    arguments: Sequence[str]
    environment: Mapping[str, str]
    grace_seconds: float
    """How long it may take to stop when asked."""


class Part:
    """One running child process and whatever it starts itself."""

    def __init__(self, command: PartCommand, *, run_id: str, folder: Path, logs: Path) -> None:
        """Starts it at once; `folder` is its working folder. Raises `OSError`."""
        self.name = command.name
        self.log = logs / f"{command.name}.log"
        self._run_id = run_id
        self._grace_seconds = command.grace_seconds
        logs.mkdir(parents=True, exist_ok=True)
        rotate_if_full(self.log)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - arguments are ours, no shell
                list(command.arguments),
                env={
                    **command.environment,
                    RUN_VARIABLE: run_id,
                    PART_VARIABLE: command.name,
                },
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Exit status, None while it runs."""
        return self._process.poll()

    def stop(self) -> None:
        """Ask it to stop, wait its grace, then kill it and everything it started."""
        if self.status is None:
            self._process.terminate()
        deadline = time.monotonic() + self._grace_seconds
        while self.status is None and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it and everything it started without asking."""
        # Our own child first and through Popen, which otherwise loses its exit status.
        self._process.kill()
        self._process.wait()
        kill(marked(self._run_id, self.name))

    def last_lines(self, count: int = 15) -> str:
        """The end of its log."""
        return "\n".join(last_lines(self.log, count))


def describe_exit(status: int) -> str:
    """How a process ended, in words, from its exit status (negative: minus the signal)."""
    if status >= 0:
        return f"ended by itself with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    hint = ", as the system does when memory runs out" if -status == signal.SIGKILL else ""
    return f"was killed by {name} ({-status}){hint}"
