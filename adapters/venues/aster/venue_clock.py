"""The venue's clock as one process knows it: measured when needed, carried on in between.

A reading that the venue itself has called wrong is never used again. One that is only old goes on
serving while the clock cannot be asked: a way out of a position must not wait for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from adapters.venues.aster.clock import (
    ClockReading,
    ClockSample,
    HostClock,
    is_stale,
    read_clock,
)
from adapters.venues.aster.errors import Unreachable
from trading.errors import InvalidRecord, VenueError
from trading.weights import Priority

_log = logging.getLogger("perpflow.aster")
_SAMPLES = 3
_LOUD_MICROSECONDS = 1_000_000
_NEXT_TRY_NANOSECONDS = 60 * 1_000_000_000

FetchTime = Callable[[Priority], Awaitable[int]]
"""The venue's time in milliseconds; raises `VenueError`."""


class VenueClock:
    """Time for nonces and timestamps."""

    def __init__(self, fetch: FetchTime, host: HostClock) -> None:
        self._fetch = fetch
        self._host = host
        self._lock = asyncio.Lock()
        self._is_wrong = False
        self._not_before_ns = 0
        self.reading: ClockReading | None = None
        """The newest one; None before the first signed request."""

    def mark_wrong(self) -> None:
        """The venue refused our time: the next signed request measures first."""
        self._is_wrong = True

    async def now_us(self, priority: Priority) -> int:
        """The venue's time in microseconds.

        For a way out it is the host's own where the venue's was never read: at worst the venue
        refuses the request for its time, and then its clock is asked first.

        Raises
        ------
        Unreachable
            There is no reading that may be used and none can be made; nothing was sent.
        """
        if self._needs_reading():
            async with self._lock:
                if self._may_guess(priority) and self._host.monotonic_ns() < self._not_before_ns:
                    return self._host.wall_us()
                if self._needs_reading():
                    try:
                        await self._measure(priority)
                    except VenueError as error:
                        if not self._may_guess(priority):
                            raise
                        # A clock that hangs must not cost every request of the way out its wait.
                        self._not_before_ns = self._host.monotonic_ns() + _NEXT_TRY_NANOSECONDS
                        _log.warning("%s; a way out carries this machine's time", error)
                        return self._host.wall_us()
        if self.reading is None:
            raise Unreachable("GET time", "the venue's clock was never read")
        return self.reading.venue_now_us(self._host.monotonic_ns())

    def _may_guess(self, priority: Priority) -> bool:
        return priority is Priority.EXIT and self.reading is None and not self._is_wrong

    def _needs_reading(self) -> bool:
        if self.reading is None or self._is_wrong:
            return True
        return self._host.monotonic_ns() >= self._not_before_ns and is_stale(
            self.reading, self._host
        )

    async def _measure(self, priority: Priority) -> None:
        samples: list[ClockSample] = []
        failure: VenueError | None = None
        for _ in range(_SAMPLES):
            sent = self._host.monotonic_ns()
            try:
                server_ms = await self._fetch(priority)
            except VenueError as error:
                failure = error
                break
            received = self._host.monotonic_ns()
            samples.append(ClockSample(sent_ns=sent, received_ns=received, server_ms=server_ms))
        try:
            self._take(read_clock(samples, self._host))
        except InvalidRecord as error:
            if self.reading is None or self._is_wrong:
                raise failure or Unreachable("GET time", str(error)) from None
            self._not_before_ns = self._host.monotonic_ns() + _NEXT_TRY_NANOSECONDS
            _log.warning("the venue's clock could not be read (%s); an older reading serves", error)

    def _take(self, reading: ClockReading) -> None:
        self.reading = reading
        self._is_wrong = False
        self._not_before_ns = 0
        if abs(reading.host_ahead_us) > _LOUD_MICROSECONDS:
            _log.warning(
                "this machine's clock is %.1f s %s the venue's; requests carry the venue's time,"
                " but set the clock (NTP)",
                abs(reading.host_ahead_us) / 1e6,
                "ahead of" if reading.host_ahead_us > 0 else "behind",
            )
