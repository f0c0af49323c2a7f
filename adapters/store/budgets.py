"""The weight budget in Postgres: one locked row for each venue host, so all processes share it.

Every change locks the row, applies the pure rules of `trading.weights` and commits at once; no
request is under way while the lock is held. Times are real ones, from the clock that was passed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.store.in_thread import in_thread
from adapters.store.tables import weight_budgets
from trading.errors import WeightRefused
from trading.weights import (
    Priority,
    WeightScope,
    WeightWindow,
    heard_status,
    heard_used,
    spend,
)

Change = Callable[[WeightWindow, datetime], WeightWindow]


@dataclass(frozen=True, slots=True)
class PostgresWeightBudget:
    """`trading.ports.WeightBudget`; `clock` gives the real time, aware UTC."""

    engine: Engine
    clock: Callable[[], datetime]

    async def spend(self, scope: WeightScope, weight: int, priority: Priority) -> None:
        """Raises `WeightRefused`, and `InvalidRecord` for a weight that can never be spent."""
        await in_thread(self._spend, scope, weight, priority)

    async def heard(
        self,
        scope: WeightScope,
        *,
        status: int,
        used: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        """Take note of what an answer said of limits."""
        await in_thread(self._heard, scope, status, used, retry_after)

    def _spend(self, scope: WeightScope, weight: int, priority: Priority) -> None:
        refusal: WeightRefused | None = None
        with self.engine.begin() as conn:
            window = _lock(conn, scope)
            # Read under the lock: a clock read before it could be older than another's spending.
            now = self.clock()
            try:
                window = spend(window, scope, weight, priority, now)
            except WeightRefused as refused:
                refusal = refused
                _count_refusal(conn, scope)
            else:
                _save(conn, scope, window, weight)
        if refusal is not None:
            raise refusal

    def _heard(
        self, scope: WeightScope, status: int, used: int | None, retry_after: float | None
    ) -> None:
        with self.engine.begin() as conn:
            before = _lock(conn, scope)
            now = self.clock()
            after = before if used is None else heard_used(before, scope, used, now)
            after = heard_status(after, status, now, retry_after)
            if after is not before:
                _save(conn, scope, after, 0)


def load_window(conn: Connection, scope: WeightScope) -> WeightWindow:
    """What was spent lately, without a lock."""
    row = conn.execute(_of(scope)).one_or_none()
    return WeightWindow() if row is None else _window(row)


def _lock(conn: Connection, scope: WeightScope) -> WeightWindow:
    row = conn.execute(_of(scope).with_for_update()).one_or_none()
    if row is None:
        conn.execute(
            insert(weight_budgets)
            .values(
                scope=scope.name,
                limit_weight=scope.limit,
                window_seconds=scope.window_seconds,
                spent={},
            )
            .on_conflict_do_nothing()
        )
        row = conn.execute(_of(scope).with_for_update()).one()
    return _window(row)


def _save(conn: Connection, scope: WeightScope, window: WeightWindow, weight: int) -> None:
    conn.execute(
        update(weight_budgets)
        .where(weight_budgets.c.scope == scope.name)
        .values(
            limit_weight=scope.limit,
            window_seconds=scope.window_seconds,
            spent={str(second): spent for second, spent in window.spent.items()},
            real_blocked_until=window.blocked_until,
            block_reason=window.block_reason,
            spent_ever=weight_budgets.c.spent_ever + weight,
        )
    )


def _count_refusal(conn: Connection, scope: WeightScope) -> None:
    conn.execute(
        update(weight_budgets)
        .where(weight_budgets.c.scope == scope.name)
        .values(refused_ever=weight_budgets.c.refused_ever + 1)
    )


def _of(scope: WeightScope) -> Select[Any]:
    return select(weight_budgets).where(weight_budgets.c.scope == scope.name)


def _window(row: Row[Any]) -> WeightWindow:
    return WeightWindow(
        spent={int(second): weight for second, weight in row.spent.items()},
        blocked_until=row.real_blocked_until,
        block_reason=row.block_reason,
    )
