"""A request budget in memory, for a command that asks a few things where no database is open.

The rules are those of every budget; only the sharing with other processes is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from trading.weights import Priority, WeightScope, WeightWindow, heard_status, heard_used, spend


@dataclass(slots=True, kw_only=True)
class BudgetOfOne:
    """`trading.ports.WeightBudget`."""

    clock: Callable[[], datetime]
    """Real time, aware UTC."""
    windows: dict[str, WeightWindow] = field(default_factory=dict[str, WeightWindow])

    async def spend(self, scope: WeightScope, weight: int, priority: Priority) -> None:
        """Raises `WeightRefused`."""
        self.windows[scope.name] = spend(self._window(scope), scope, weight, priority, self.clock())

    async def heard(
        self,
        scope: WeightScope,
        *,
        status: int,
        used: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        """Take note of what an answer said of limits."""
        now, window = self.clock(), self._window(scope)
        if used is not None:
            window = heard_used(window, scope, used, now)
        self.windows[scope.name] = heard_status(window, status, now, retry_after)

    def _window(self, scope: WeightScope) -> WeightWindow:
        return self.windows.get(scope.name, WeightWindow())
