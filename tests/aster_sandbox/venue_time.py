"""The venue's clock: the machine's, moved by what a test says; and instants that never repeat."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

WEEK_MS = 7 * 24 * 3600 * 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class VenueTime:
    """`ahead_ms` is how far the venue is ahead of this machine; negative: behind."""

    ahead_ms: int = 0
    _last: datetime = _EPOCH

    @property
    def now_us(self) -> int:
        return time.time_ns() // 1000 + self.ahead_ms * 1000

    @property
    def now_ms(self) -> int:
        return self.now_us // 1000

    def instant(self) -> datetime:
        """Now, but later than the instant before: what happens has an order."""
        now = _EPOCH + timedelta(microseconds=self.now_us)
        self._last = max(now, self._last + timedelta(microseconds=1))
        return self._last


def ms_of(at: datetime) -> int:
    """Milliseconds since the epoch."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def instant_of(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)
