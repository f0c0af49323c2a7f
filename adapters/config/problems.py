"""What is wrong with a configuration, in sentences: place, key, what it is, what it may be.

All problems of one source are collected and raised together. A value that came out of the
environment, or that lies under a key for a secret, never becomes part of a problem.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

KeyPath = tuple[str | int, ...]
"""Where a value lies, e.g. ("accounts", 0, "limits", "leverage")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault, and what to do about it."""

    source: str
    """File name, or "environment"."""
    line: int | None
    """Counted from 1; None where a source has no lines."""
    key: str
    """Key path as `accounts[0].limits.leverage`; empty for the file as a whole."""
    text: str
    """Says what is there and what is allowed."""
    hint: str = ""
    """The next step, when it is not obvious from the text."""
    path: KeyPath = ()
    """The place inside the document, whatever it is called there."""

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}"
        subject = f"{self.key} {self.text}" if self.key else self.text
        return f"{place}: {subject}" + (f" -> {self.hint}" if self.hint else "")


class ConfigurationError(Exception):
    """The configuration cannot be used; `problems` holds every fault that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def variable_refused(name: str, text: str, hint: str = "") -> ConfigurationError:
    """The refusal of one variable of the environment."""
    return ConfigurationError(
        [Problem(source="environment", line=None, key=name, text=text, hint=hint)]
    )


def key_text(path: KeyPath) -> str:
    """`("accounts", 0, "id")` as `accounts[0].id`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def closest(name: str, known: Iterable[str]) -> str:
    """A question with the nearest known name, or nothing when none is near."""
    matches = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean {matches[0]!r}?" if matches else ""
