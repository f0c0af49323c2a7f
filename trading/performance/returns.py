"""Returns per UTC day, ISO week and calendar month: equity at daily closes, flows removed.

A day closes at 24:00 UTC with its last reading; a reading at 00:00:00 exactly is the close of the
day before. A day counts once it is over (a later reading shows it). The first day starts at the
first reading. A day without a reading has no return of its own: the next one spans the gap.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby

from trading.performance.growth import compute_growth
from trading.performance.records import EquityReading
from trading.units import ONE, ZERO, to_float


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyReturn:
    """Change of equity from the close before to the close of `day`."""

    day: date
    value: float
    """Ratio."""
    days: int
    """Days that it spans: 1, or more when readings are missing before `day`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodReturn:
    """Daily returns of a week (`2025-W03`) or month (`2025-01`) compounded; a ratio."""

    period: str
    value: float


def compute_daily_returns(readings: Sequence[EquityReading]) -> tuple[DailyReturn, ...]:
    """One return per closed day that has a reading; none when growth is not defined."""
    growth = compute_growth(readings)
    if growth is None or len(readings) < 2:
        return ()
    closes = _closes(readings, growth)
    returns: list[DailyReturn] = []
    before, close_before = closes[0].day, closes[0].growth
    for close in closes[1:]:
        if close_before <= ZERO:
            break  # nothing was left to earn a return on
        returns.append(
            DailyReturn(
                day=close.day,
                value=to_float(close.growth / close_before - ONE),
                days=(close.day - before).days,
            )
        )
        before, close_before = close.day, close.growth
    return tuple(returns)


def compute_weekly_returns(daily: Sequence[DailyReturn]) -> tuple[PeriodReturn, ...]:
    """By ISO week; a return that spans a gap counts where its day lies."""
    return _compound(daily, _iso_week)


def compute_monthly_returns(daily: Sequence[DailyReturn]) -> tuple[PeriodReturn, ...]:
    """By calendar month."""
    return _compound(daily, lambda day: f"{day:%Y-%m}")


@dataclass(frozen=True, slots=True)
class _Close:
    day: date
    growth: Decimal


def _closes(readings: Sequence[EquityReading], growth: Sequence[Decimal]) -> list[_Close]:
    """The start, then the last growth of each day that is over."""
    start = _Close(readings[0].at.astimezone(UTC).date() - timedelta(days=1), growth[0])
    last_of_day = {_closing_day(r.at): value for r, value in zip(readings, growth, strict=True)}
    newest = readings[-1].at
    over = (
        _Close(day, value)
        for day, value in last_of_day.items()
        if day > start.day and newest >= _end_of(day)
    )
    return [start, *over]


def _closing_day(at: datetime) -> date:
    """The day whose equity a reading is: 00:00:00 still belongs to the day before."""
    return (at.astimezone(UTC) - timedelta(microseconds=1)).date()


def _end_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


def _iso_week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def _compound(
    daily: Sequence[DailyReturn], period_of: Callable[[date], str]
) -> tuple[PeriodReturn, ...]:
    groups = groupby(daily, key=lambda item: period_of(item.day))
    return tuple(
        PeriodReturn(period=period, value=math.prod(1.0 + item.value for item in items) - 1.0)
        for period, items in groups
    )
