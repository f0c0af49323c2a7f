"""Request weight of a venue's host: how much may be spent now, and by whom.

A venue counts what every process behind one address sends in a window (Aster: 2,400 a minute) and
bans who goes on after a 429. Spending is counted by whole seconds and leaves the window one second
late, so no window of that length ever holds more than the limit. Lower priorities may use only a
part of it: the way out of a position never finds the budget empty because of candles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum

from trading.errors import InvalidRecord, WeightRefused
from trading.timeframes import EPOCH

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
BAN_AT_LEAST = timedelta(minutes=2)
"""The shortest ban that a 418 stands for (reference: aster 3.2)."""
FIREWALL_PAUSE = timedelta(minutes=5)
"""After a 403 of the firewall: minutes, and never a loop."""


class Priority(IntEnum):
    """Who asks, the most important first."""

    EXIT = 0
    """Closing and protecting, and what has to be read for that: all of the budget."""
    RECONCILE = 1
    """Reading an account with nothing open."""
    ENTRY = 2
    MARKET = 3


PERCENT_OF_LIMIT = {
    Priority.EXIT: 100,
    Priority.RECONCILE: 90,
    Priority.ENTRY: 80,
    Priority.MARKET: 70,
}
"""How full the window may become by a request of each priority."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightScope:
    """What a limit counts for: everything that reaches a host from one address."""

    name: str
    """Venue, host and address, e.g. `aster fapi.asterdex.com`."""
    limit: int
    """Weight per window, as the venue publishes it."""
    window_seconds: int = 60

    def __post_init__(self) -> None:
        if self.limit < 1 or self.window_seconds < 1:
            raise InvalidRecord(
                f"budget {self.name!r}: limit {self.limit} and window {self.window_seconds} s"
                " must be at least 1"
            )

    def most(self, priority: Priority) -> int:
        """Weight that the window may hold after a request of this priority."""
        return self.limit * PERCENT_OF_LIMIT[priority] // 100


@dataclass(frozen=True, slots=True)
class WeightWindow:
    """What was spent lately, by second since the epoch (real time), and a ban if there is one."""

    spent: Mapping[int, int] = field(default_factory=dict[int, int])
    blocked_until: datetime | None = None
    block_reason: str | None = None

    def used(self, scope: WeightScope, now: datetime) -> int:
        """Weight that the venue may still count at `now`."""
        return sum(_counting(self, scope, now).values())


def spend(
    window: WeightWindow, scope: WeightScope, weight: int, priority: Priority, now: datetime
) -> WeightWindow:
    """The window with `weight` more in it.

    Raises
    ------
    WeightRefused
        The host is blocked or the priority's share is used up; `retry_at` says until when.
    InvalidRecord
        A weight below 1, or one that this priority can never spend at once.
    """
    most = scope.most(priority)
    if not 1 <= weight <= most:
        raise InvalidRecord(
            f"weight {weight} of a {priority.name.lower()} request at {scope.name}:"
            f" allowed is 1 to {most}"
        )
    if window.blocked_until is not None and now < window.blocked_until:
        raise WeightRefused(
            f"{scope.name} is blocked until {window.blocked_until:%Y-%m-%dT%H:%M:%SZ}"
            f" ({window.block_reason}); nothing was sent",
            window.blocked_until,
        )
    counting = _counting(window, scope, now)
    used = sum(counting.values())
    if used + weight > most:
        raise WeightRefused(
            f"{scope.name}: {used} of {scope.limit} weight used in {scope.window_seconds} s, a"
            f" {priority.name.lower()} request of {weight} may fill it to {most}; nothing was sent",
            _when_free(counting, scope, used + weight - most),
        )
    second = _second(now)
    counting[second] = counting.get(second, 0) + weight
    return replace(window, spent=counting)


def heard_used(window: WeightWindow, scope: WeightScope, used: int, now: datetime) -> WeightWindow:
    """After an answer whose header says how much the venue has counted in its current window.

    The venue also counts what others behind our address sent: what is missing here is added.
    """
    counting = _counting(window, scope, now)
    missing = used - sum(counting.values())
    if missing <= 0:
        return window
    second = _second(now)
    counting[second] = counting.get(second, 0) + missing
    return replace(window, spent=counting)


def heard_status(
    window: WeightWindow, status: int, now: datetime, retry_after: float | None = None
) -> WeightWindow:
    """After an HTTP answer: 429, 418 and the firewall's 403 block the host for everybody.

    `retry_after` is the header's seconds. A block only ever becomes longer.
    """
    wait = None if retry_after is None else timedelta(seconds=max(0.0, retry_after))
    if status == 429:
        until = now + wait if wait else EPOCH + ((now - EPOCH) // _MINUTE + 1) * _MINUTE
    elif status == 418:
        until = now + max(wait or BAN_AT_LEAST, BAN_AT_LEAST)
    elif status == 403:
        until = now + (wait or FIREWALL_PAUSE)
    else:
        return window
    if window.blocked_until is not None and window.blocked_until >= until:
        return window
    return replace(window, blocked_until=until, block_reason=f"HTTP {status}")


def _counting(window: WeightWindow, scope: WeightScope, now: datetime) -> dict[int, int]:
    oldest = _second(now) - scope.window_seconds
    # What is dated ahead of `now` counts too: clocks of processes differ a little.
    return {second: weight for second, weight in window.spent.items() if second >= oldest}


def _second(now: datetime) -> int:
    return (now - EPOCH) // _SECOND


def _when_free(counting: Mapping[int, int], scope: WeightScope, excess: int) -> datetime:
    """The instant at which at least `excess` weight has left the window."""
    for second in sorted(counting):
        excess -= counting[second]
        if excess <= 0:
            return EPOCH + (second + scope.window_seconds + 1) * _SECOND
    raise AssertionError("a weight within the limit always fits into an empty window")
