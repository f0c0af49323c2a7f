"""What an operator sees while the arena starts and lives: one line for each event.

Everything goes to stderr, so that stdout stays free for data, and with its time to `logs/up.log`.
What only the operator may see goes to the screen and never to a file. A screen that is gone (a
closed terminal, a launcher that was killed) stops nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from cli.up.logs import printable

_NAME_WIDTH = 9


class Progress:
    """Lines on a console and in a log; texts are shown as they are, never read as markup."""

    def __init__(self, console: Console) -> None:
        self._console: Console | None = console
        self._log: Path | None = None
        self.when_ready: Callable[[], None] | None = None
        """Set for an arena in the background: lets go of whoever started it."""

    def keep_log(self, path: Path) -> None:
        """From now on write every line into a file as well."""
        self._log = path

    @property
    def is_detached(self) -> bool:
        """Whether the arena goes on in the background."""
        return self.when_ready is not None

    def leave_starter(self) -> None:
        """The arena is ready: in the background, from now on write into the log only."""
        if self.when_ready is not None:
            self.when_ready()
            self._console = None

    def say(self, text: str) -> None:
        """A line of its own."""
        self._show(escape(text))
        self._write(text)

    def say_to_operator(self, text: str) -> None:
        """A line with a secret: on the screen only."""
        self._show(escape(text))

    def log_failure(self, text: str) -> None:
        """Why it ends. The screen hears it from the command; so does the log once it is stderr."""
        if self._console is not None:
            self._write(text)

    def ready(self, name: str, text: str) -> None:
        """A part is up."""
        self._line("[green]ok[/]", name, text)

    def note(self, name: str, text: str) -> None:
        """Something to know that stops nothing."""
        self._line("[yellow] ![/]", name, text)

    @contextmanager
    def waiting(self, name: str, text: str) -> Iterator[None]:
        """While the block runs, say what is waited for and why it takes its time."""
        if self._console is not None and self._console.is_terminal:
            with self._console.status(escape(f"{name}  {text}")):
                yield
        else:
            self._line("..", name, text)
            yield

    def _line(self, mark: str, name: str, text: str) -> None:
        self._show(f"  {mark}  {name:<{_NAME_WIDTH}}  {escape(text)}")
        self._write(f"{name:<{_NAME_WIDTH}}  {text}")

    def _show(self, markup: str) -> None:
        if self._console is not None:
            # `rich` ends the program when nobody reads its pipe any more.
            with suppress(OSError, SystemExit):
                self._console.print(markup, highlight=False, soft_wrap=True)

    def _write(self, text: str) -> None:
        if self._log is None or not text:
            return
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines = "".join(f"{now}  {printable(line)}\n" for line in text.splitlines())
        with suppress(OSError):  # a full disk must not stop what watches the arena
            descriptor = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "a", encoding="utf-8") as file:
                file.write(lines)
