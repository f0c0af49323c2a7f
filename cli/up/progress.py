"""What an operator sees while the arena starts: one line for each part as it gets ready.

Everything goes to stderr, so that stdout stays free for data. With a terminal the part being waited
for has a moving line; without one, a plain line.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

_NAME_WIDTH = 9


class Progress:
    """Lines on a console; texts are shown as they are, never read as markup."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str) -> None:
        """A line of its own."""
        self._console.print(escape(text), highlight=False, soft_wrap=True)

    def ready(self, name: str, text: str) -> None:
        """A part is up."""
        self._line("[green]ok[/]", name, text)

    def note(self, name: str, text: str) -> None:
        """Something to know that stops nothing."""
        self._line("[yellow] ![/]", name, text)

    @contextmanager
    def waiting(self, name: str, text: str) -> Iterator[None]:
        """While the block runs, say what is waited for and why it takes its time."""
        if self._console.is_terminal:
            with self._console.status(escape(f"{name}  {text}")):
                yield
        else:
            self._line("..", name, text)
            yield

    def _line(self, mark: str, name: str, text: str) -> None:
        line = f"  {mark}  {name:<{_NAME_WIDTH}}  {escape(text)}"
        self._console.print(line, highlight=False, soft_wrap=True)
