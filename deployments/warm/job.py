"""What the worker tells a child to do, and what the child answers; both travel over a pipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_PER_RUN = "PREFECT__"
"""Prefix of the variables that Prefect sets for each run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One flow run to execute."""

    flow_run: str
    """The flow run as JSON, so that the child need not ask for it again."""
    environment: Mapping[str, str]
    folder: str
    """Working folder."""

    @property
    def place(self) -> tuple[str, frozenset[tuple[str, str]]]:
        """Folder and lasting environment: a child executes jobs of one place only."""
        lasting = ((k, v) for k, v in self.environment.items() if not k.startswith(_PER_RUN))
        return self.folder, frozenset(lasting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run is over, and its process lives."""

    exit_code: int | None
    """As a process would have ended; None when the flow came to its end by itself, so that the
    process may be used again."""
    resident_bytes: int
