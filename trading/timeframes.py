"""Lengths of candles and the alignment of instants to them. All instants are aware and in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from trading.errors import UnknownName

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Timeframe(StrEnum):
    """Length of a candle (not of a decision interval, which may be any of the same lengths)."""

    M1 = "1m"
    M3 = "3m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H4 = "4h"
    D1 = "1d"

    @property
    def length(self) -> timedelta:
        return _LENGTHS[self]

    @property
    def seconds(self) -> int:
        return int(_LENGTHS[self].total_seconds())

    def floor(self, at: datetime) -> datetime:
        """Open time of the candle that contains `at`."""
        return floor_instant(at, self.length)


_LENGTHS = {
    Timeframe.M1: timedelta(minutes=1),
    Timeframe.M3: timedelta(minutes=3),
    Timeframe.M5: timedelta(minutes=5),
    Timeframe.M15: timedelta(minutes=15),
    Timeframe.M30: timedelta(minutes=30),
    Timeframe.H1: timedelta(hours=1),
    Timeframe.H4: timedelta(hours=4),
    Timeframe.D1: timedelta(days=1),
}


def floor_instant(at: datetime, length: timedelta) -> datetime:
    """The last multiple of `length` since the Unix epoch that is not after `at`."""
    return EPOCH + ((at - EPOCH) // length) * length


def parse_timeframe(text: str) -> Timeframe:
    """`"5m"` to its timeframe. Raises `UnknownName` with the known ones."""
    try:
        return Timeframe(text)
    except ValueError:
        raise UnknownName("interval", text, tuple(Timeframe)) from None
