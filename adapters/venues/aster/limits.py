"""The venue's limits as budgets: weight of the host, orders of the account.

What is published in `rateLimits` replaces the documented defaults. The same window is counted by
the venue in a header of each answer (reference: aster 3.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from trading.weights import WeightScope, WeightWindow, heard_status

HOST_WEIGHT = 2400
ACCOUNT_ORDERS = 1200
_SECONDS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86_400}
_LETTERS = {"S": 1, "M": 60, "H": 3600, "D": 86_400}
_HEADER = re.compile(r"x-mbx-(used-weight|order-count)-(\d+)([smhd])")
_BANNED_UNTIL = re.compile(r"\b(1\d{12})\b")


class RateLimitRow(Protocol):
    """One row of `rateLimits`."""

    @property
    def rate_limit_type(self) -> str: ...

    @property
    def interval(self) -> str: ...

    @property
    def interval_num(self) -> int: ...

    @property
    def limit(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What every request is counted in."""

    place: str
    """Host and port: the name of the budget that everything behind one address shares."""
    owner: str | None
    """Whose orders are counted: an address, or the fingerprint of a key; None without keys."""
    weight: Mapping[int, int]
    """Most weight, by window in seconds."""
    orders: Mapping[int, int]
    """Most orders of the account, by window in seconds."""

    @classmethod
    def documented(cls, place: str, owner: str | None) -> Limits:
        """Before `exchangeInfo` has been read."""
        return cls(place=place, owner=owner, weight={60: HOST_WEIGHT}, orders={60: ACCOUNT_ORDERS})

    def published(self, rows: tuple[RateLimitRow, ...]) -> Limits:
        """With the rows that the venue publishes; a kind without rows keeps what it had."""
        return Limits(
            place=self.place,
            owner=self.owner,
            weight=_windows(rows, "REQUEST_WEIGHT") or self.weight,
            orders=_windows(rows, "ORDERS") or self.orders,
        )

    def host_scopes(self) -> tuple[WeightScope, ...]:
        """Budgets of request weight, one per window."""
        return tuple(_scopes(f"aster {self.place}", self.weight))

    def order_scopes(self) -> tuple[WeightScope, ...]:
        """Budgets of the account's orders, one per window; none without keys."""
        if self.owner is None:
            return ()
        return tuple(_scopes(f"aster {self.place} orders {self.owner}", self.orders))


def counted(headers: Mapping[str, str]) -> Iterator[tuple[str, int, int]]:
    """What an answer says was used: `used-weight` or `order-count`, window in seconds, count."""
    for name, value in headers.items():
        found = _HEADER.fullmatch(name)
        if found and value.isascii() and value.isdigit():
            yield found[1], int(found[2]) * _LETTERS[found[3].upper()], int(value)


def seconds_to_wait(headers: Mapping[str, str], text: str, now: datetime) -> float | None:
    """From Retry-After, or from the end of a ban in the venue's words; None when neither is there."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    until = _BANNED_UNTIL.search(text)
    if until is None:
        return None
    ends = datetime.fromtimestamp(int(until[1]) / 1000, UTC)
    return max(0.0, (ends - now).total_seconds())


def blocked_until(status: int, wait: float | None, now: datetime) -> datetime | None:
    """When a host that answered so may be asked again: by the rule of the budget."""
    return heard_status(WeightWindow(), status, now, wait).blocked_until


def _windows(rows: tuple[RateLimitRow, ...], kind: str) -> dict[int, int]:
    return {
        _SECONDS[row.interval] * row.interval_num: row.limit
        for row in rows
        if row.rate_limit_type == kind
        and row.interval in _SECONDS
        and row.interval_num > 0
        and row.limit > 0
    }


def _scopes(name: str, windows: Mapping[int, int]) -> Iterator[WeightScope]:
    for seconds, limit in sorted(windows.items()):
        # The plain name for the usual minute: it is what all processes have before they ask.
        suffix = "" if seconds == 60 else f" {seconds}s"
        yield WeightScope(name=name + suffix, limit=limit, window_seconds=seconds)
