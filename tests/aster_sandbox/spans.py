"""The stretch of time that a listing asks for: at most seven days, by default the last seven."""

from __future__ import annotations

from dataclasses import dataclass

from tests.aster_sandbox.refusals import VenueRefusal
from tests.aster_sandbox.routing import Ask
from tests.aster_sandbox.venue_time import WEEK_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From one millisecond to another, both included."""

    since: int
    until: int
    limit: int
    is_from: bool
    """A start was named: the first rows are wanted, otherwise the last ones."""

    def holds(self, at_ms: int) -> bool:
        return self.since <= at_ms <= self.until


def span_of(ask: Ask, *, limit: int = 500) -> Span:
    """Raises -4165 for more than seven days."""
    start, end = ask.number("startTime"), ask.number("endTime")
    now = ask.venue.time.now_ms + 1
    until = end if end is not None else now if start is None else start + WEEK_MS
    since = start if start is not None else until - WEEK_MS
    if until - since > WEEK_MS:
        raise VenueRefusal(-4165, "Search time range must be within 7 days.")
    return Span(
        since=since,
        until=until,
        limit=max(1, min(ask.number("limit") or limit, 1000)),
        is_from=start is not None,
    )
