"""Gaps: stretches in which readings are missing. A failed read is shown as one, never as zero."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from trading.candles import FloatArray
from trading.performance.path import SECOND_US, BoolArray, IntArray, to_instant

SHOWN_GAPS = 10
MISSED_FROM = 1.5
"""Times the usual distance of two readings from which one of them is missing: a reading that is
late by less is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """From the last reading before to the first reading after what is missing."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """What is missing from a path."""

    count: int = 0
    seconds: float = 0.0
    """All gaps together."""
    newest: tuple[Gap, ...] = ()
    """Oldest first, at most `SHOWN_GAPS`."""


def find_gaps(steps: FloatArray, expected: timedelta | None) -> BoolArray:
    """Which distances (seconds) between readings are gaps; none when no distance is expected."""
    if expected is None:
        return np.zeros(len(steps), dtype=np.bool_)
    return steps > MISSED_FROM * expected.total_seconds()


def extend_gaps(gaps: Gaps, before: IntArray, after: IntArray, is_gap: BoolArray) -> Gaps:
    """The gaps after the next steps, each from `before` to `after` (microseconds since 1970)."""
    since, until = before[is_gap], after[is_gap]
    shown = zip(since[-SHOWN_GAPS:].tolist(), until[-SHOWN_GAPS:].tolist(), strict=True)
    found = tuple(Gap(since=to_instant(a), until=to_instant(b)) for a, b in shown)
    return Gaps(
        count=gaps.count + len(since),
        seconds=gaps.seconds + float((until - since).sum()) / SECOND_US,
        newest=(*gaps.newest, *found)[-SHOWN_GAPS:],
    )
