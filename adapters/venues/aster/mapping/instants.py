"""The venue's milliseconds since the epoch as aware UTC instants, exactly, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def instant_of(milliseconds: int) -> datetime:
    """The instant of a venue's time."""
    return _EPOCH + milliseconds * _MILLISECOND


def ms_of(instant: datetime) -> int:
    """The venue's time of an instant, rounded down."""
    return (instant - _EPOCH) // _MILLISECOND
