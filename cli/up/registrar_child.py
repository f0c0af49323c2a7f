"""The parent's end of the registrar: starts it, asks it, ends it.

Questions block: ask from a thread where an event loop runs. A child that dies ends the question
with the end of what it had to say.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any

from adapters.config.problems import ConfigurationError
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.up.environments import with_home
from cli.up.parts import describe_exit
from cli.up.place import ArenaPlace
from cli.up.processes import PART_VARIABLE, RUN_VARIABLE

_SHOWN_BYTES = 3_000


class RegistrarChild:
    """A running registrar, see `cli.up.registrar`."""

    def __init__(self, place: ArenaPlace, *, run_id: str) -> None:
        ours, theirs = socket.socketpair()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                # -P: the working folder holds the user's files, which are no modules of ours.
                [sys.executable, "-P", "-m", "cli.up.registrar", str(theirs.fileno())],
                env={
                    **with_home(place.environ, place),
                    RUN_VARIABLE: run_id,
                    PART_VARIABLE: "start",
                },
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=self._said,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._connection = Connection(ours.detach())
        self._asking = Lock()
        self._is_closed = False
        self._connection.send(place)

    def ask(self, question: str, *arguments: Any) -> Any:
        """One question; raises `CommandFailed` and `ConfigurationError` as if it were done here."""
        with self._asking:
            try:
                self._connection.send((question, arguments))
                how, value = self._connection.recv()
            except (EOFError, OSError):
                raise self._failure(question) from None
        if how == "failed":
            raise CommandFailed(*value)
        if how == "invalid":
            raise ConfigurationError(value)
        return value

    def close(self) -> None:
        """End it; also while another thread waits for an answer, which then fails."""
        self._is_closed = True
        self._process.kill()
        self._process.wait()
        with self._asking:
            self._connection.close()
            self._said.close()

    def _failure(self, question: str) -> CommandFailed:
        if self._is_closed:
            return CommandFailed(ExitCode.INTERRUPTED, f"the start was stopped at {question}")
        status = self._process.wait()
        self._said.seek(0)
        shown = self._said.read()[-_SHOWN_BYTES:].decode(errors="replace").strip()
        return CommandFailed(
            ExitCode.FAILED,
            f"the start stopped at the step {question}: its process {describe_exit(status)}\n"
            f"{shown}",
        )
