"""What risk remembers over restarts: each account's days, and how its symbols were last closed.

A day's start is fixed by the first judgement of that day, its lowest equity only falls. Equity is
quote, times are market times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from adapters.store.tables import risk_days, trades
from trading.positions import Direction
from trading.risk.positions import LastClose


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskDay:
    """A UTC day of an account, as every later cycle of the day finds it."""

    start_equity: Decimal
    lowest_equity: Decimal
    """Lowest that risk has ever seen since; this latches the daily loss."""


def note_equity(
    conn: Connection, account_id: str, day: datetime, *, start: Decimal, equity: Decimal
) -> RiskDay:
    """The day after one more reading of equity; `start` counts only when the day is new.

    Noting the same reading twice changes nothing. Raises `ValueError` for what is no finite number.
    """
    if not (start.is_finite() and equity.is_finite()):
        raise ValueError(f"equity must be a finite number, not {equity} (from {start})")
    lowest = min(start, equity)
    row = conn.execute(
        insert(risk_days)
        .values(account_id=account_id, day=day, start_equity=start, lowest_equity=lowest)
        .on_conflict_do_update(
            index_elements=["account_id", "day"],
            set_={"lowest_equity": func.least(risk_days.c.lowest_equity, equity)},
        )
        .returning(risk_days.c.start_equity, risk_days.c.lowest_equity)
    ).one()
    return RiskDay(start_equity=row.start_equity, lowest_equity=row.lowest_equity)


def load_risk_day(conn: Connection, account_id: str, day: datetime) -> RiskDay | None:
    """The day as it was noted so far; None when nothing was."""
    row = conn.execute(
        select(risk_days.c.start_equity, risk_days.c.lowest_equity).where(
            risk_days.c.account_id == account_id, risk_days.c.day == day
        )
    ).one_or_none()
    if row is None:
        return None
    return RiskDay(start_equity=row.start_equity, lowest_equity=row.lowest_equity)


def last_closes(conn: Connection, account_id: str, since: datetime) -> Mapping[str, LastClose]:
    """The newest close of each symbol whose position was closed at or after `since`."""
    query = (
        select(trades.c.symbol, trades.c.closed_at, trades.c.direction)
        .distinct(trades.c.symbol)
        .where(
            trades.c.account_id == account_id,
            trades.c.status == "closed",
            trades.c.closed_at >= since,
        )
        .order_by(trades.c.symbol, trades.c.closed_at.desc())
    )
    return {
        row.symbol: LastClose(at=row.closed_at, direction=Direction(row.direction))
        for row in conn.execute(query)
    }
