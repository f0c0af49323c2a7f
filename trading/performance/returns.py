"""Returns per UTC day, ISO week and calendar month: equity at daily closes, flows removed.

A day closes at 24:00 UTC with its last reading; a reading at 00:00:00 exactly is the close of the
day before. A day counts once it is over (a later reading shows it). The first day starts at the
first reading. A day without a reading has no return of its own: the next one spans the gap.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

import numpy as np

from trading.candles import FloatArray
from trading.performance.growth import compute_gains
from trading.performance.path import DAY_US, IntArray, path_of
from trading.performance.records import EquityReading
from trading.timeframes import EPOCH


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DailyCloses:
    """The newest gain of each day so far. Days are counted from 1970-01-01."""

    start_day: int
    """The day before the first reading: its close is the start."""
    days: IntArray
    gains: FloatArray
    newest: int
    """Instant of the newest reading, microseconds since 1970."""


def extend_closes(closes: DailyCloses | None, at: IntArray, gains: FloatArray) -> DailyCloses:
    """The closes after the next readings (at least one)."""
    day = (at - 1) // DAY_US  # 00:00:00 still belongs to the day before
    last = np.flatnonzero(np.append(day[1:] != day[:-1], True))
    days, closing = day[last], gains[last]
    start_day = int(at[0]) // DAY_US - 1
    if closes is not None:
        start_day = closes.start_day
        kept = len(closes.days) - int(closes.days[-1] == days[0])
        days = np.concatenate((closes.days[:kept], days))
        closing = np.concatenate((closes.gains[:kept], closing))
    return DailyCloses(start_day=start_day, days=days, gains=closing, newest=int(at[-1]))


def returns_of(closes: DailyCloses) -> tuple[DailyReturn, ...]:
    """One return per day that is over; they end where nothing was left to earn on."""
    returns: list[DailyReturn] = []
    before, gain_before = closes.start_day, 0.0
    for day, gain in zip(closes.days.tolist(), closes.gains.tolist(), strict=True):
        is_over = closes.newest >= (day + 1) * DAY_US
        if day <= closes.start_day or not is_over:
            continue
        if gain_before <= -1.0:
            break
        value = (gain - gain_before) / (1.0 + gain_before)
        returns.append(DailyReturn(day=_date_of(day), value=value, days=day - before))
        before, gain_before = day, gain
    return tuple(returns)


def compute_daily_returns(readings: Sequence[EquityReading]) -> tuple[DailyReturn, ...]:
    """One return per closed day that has a reading; none when growth is not defined."""
    path = path_of(readings)
    gains = compute_gains(path)
    return () if gains is None else returns_of(extend_closes(None, path.at, gains))


def compute_weekly_returns(daily: Sequence[DailyReturn]) -> tuple[PeriodReturn, ...]:
    """By ISO week; a return that spans a gap counts where its day lies."""
    return _compound(daily, _iso_week)


def compute_monthly_returns(daily: Sequence[DailyReturn]) -> tuple[PeriodReturn, ...]:
    """By calendar month."""
    return _compound(daily, lambda day: f"{day:%Y-%m}")


def _date_of(day: int) -> date:
    return EPOCH.date() + timedelta(days=day)


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
