"""One cell of the measurement: an arm, a number of accounts, and how it is driven.

A cell is measured in a process of its own, so that one that hangs or dies costs only its own
figures. All durations are real seconds.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

ARMS = ("stock", "process", "serve", "warm")
"""`stock` and `process` use Prefect's process worker (as shipped, and as `perpflow up` sets it up),
`serve` Prefect's `serve`, `warm` the worker type `perpflow-warm`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSpec:
    """What is measured."""

    arm: str
    accounts: int
    """Due at the same instant; 1 with `single_slots`."""
    round: int = 1
    runs_at_once: int | None = None
    """Limit of the worker; None: that of the product's pool."""
    prefetch_seconds: int | None = None
    """How early runs may be handed to the worker; None: as `perpflow up` chooses."""
    single_slots: int = 0
    """More than 0: one account, this many slots, `single_every` apart."""
    single_every: float = 10.0
    lead: float | None = None
    """From registering to the due instant; None: 40 s and half a second per account."""
    time_limit: float = 900.0
    """From the due instant until the cell gives up and reports what there is."""
    idle_limit: float = 60.0
    """Longest quiet span over which idle CPU is measured."""
    server_env: dict[str, str] = field(default_factory=dict)
    worker_env: dict[str, str] = field(default_factory=dict)

    @property
    def lead_seconds(self) -> float:
        return 40.0 + 0.5 * self.accounts if self.lead is None else self.lead

    @property
    def key(self) -> tuple[str, int, bool]:
        """Cells that differ only in their round share it."""
        return (self.arm, self.accounts, self.single_slots > 0)

    @property
    def label(self) -> str:
        if self.single_slots:
            return f"{self.arm} x {self.single_slots} single slots, round {self.round}"
        return f"{self.arm} x {self.accounts} accounts, round {self.round}"

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> CellSpec:
        values: dict[str, Any] = json.loads(text)
        return cls(**values)
