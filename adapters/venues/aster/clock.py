"""The venue's time, from its `time` call and a clock that nobody can set.

A sample is the server's answer put at the middle of its round trip; of several the shortest trip
counts, and half of it is the error (reference: aster 3.5). Between samples the monotonic clock
carries on, so a host whose clock is wrong or stepped still signs with the venue's time.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from trading.errors import InvalidRecord

MOST_ERROR_MICROSECONDS = 1_000_000
"""V1 refuses what is more than a second ahead: a time less sure than that is no time."""
MOST_AGE_NANOSECONDS = 15 * 60 * 1_000_000_000
_STEP_MICROSECONDS = 1_000_000
_HALF_A_MILLISECOND = 500
"""The server cuts its time to milliseconds: on average that much is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSample:
    """One question to the venue's clock."""

    sent_ns: int
    """Monotonic nanoseconds right before the question."""
    received_ns: int
    server_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """What the venue's clock showed, and when."""

    at_ns: int
    """Monotonic nanoseconds."""
    venue_us: int
    """Microseconds since the epoch."""
    error_us: int
    """The venue's time lies within that much on either side."""
    host_ahead_us: int
    """How far the host's own clock was ahead of the venue's; negative: behind."""
    host_epoch_us: int
    """Host time minus monotonic time: changes when the host's clock is set or the host slept."""

    def venue_now_us(self, monotonic_ns: int) -> int:
        """The venue's time, microseconds since the epoch."""
        return self.venue_us + (monotonic_ns - self.at_ns) // 1000


class HostClock:
    """The clocks of this machine."""

    def monotonic_ns(self) -> int:
        """Never set, never back."""
        return time.monotonic_ns()

    def wall_us(self) -> int:
        """Microseconds since the epoch, as the host believes."""
        return time.time_ns() // 1000


def read_clock(samples: Sequence[ClockSample], clock: HostClock) -> ClockReading:
    """The best reading of some samples.

    Raises
    ------
    InvalidRecord
        No sample, or even the shortest round trip leaves more error than a signature may have.
    """
    if not samples:
        raise InvalidRecord("no answer of the venue's clock")
    best = min(samples, key=lambda sample: sample.received_ns - sample.sent_ns)
    round_trip_us = (best.received_ns - best.sent_ns) // 1000
    error_us = round_trip_us // 2 + _HALF_A_MILLISECOND
    if error_us > MOST_ERROR_MICROSECONDS:
        raise InvalidRecord(
            f"the venue's clock answered after {round_trip_us / 1e6:.1f} s at best; a signature"
            " needs its time to within a second"
        )
    middle_ns = (best.sent_ns + best.received_ns) // 2
    venue_us = best.server_ms * 1000 + _HALF_A_MILLISECOND
    host_epoch_us = clock.wall_us() - clock.monotonic_ns() // 1000
    return ClockReading(
        at_ns=middle_ns,
        venue_us=venue_us,
        error_us=error_us,
        host_ahead_us=host_epoch_us + middle_ns // 1000 - venue_us,
        host_epoch_us=host_epoch_us,
    )


def is_stale(reading: ClockReading, clock: HostClock) -> bool:
    """Old, or taken before the host slept or its clock was set: monotonic time may have stood still."""
    now_ns = clock.monotonic_ns()
    stepped = clock.wall_us() - now_ns // 1000 - reading.host_epoch_us
    return now_ns - reading.at_ns > MOST_AGE_NANOSECONDS or abs(stepped) > _STEP_MICROSECONDS
