"""What all events of the streams share: an envelope on combined streams, a kind, a time, a symbol."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from pydantic import Field

from adapters.venues.aster.payloads.payload import Payload
from trading.timeframes import EPOCH

LATEST_MS = 1 << 47
"""Some thousand years from now; what is later is no time."""


class Event(Payload):
    """Every event has its time."""

    at_ms: int = Field(alias="E", ge=0, lt=LATEST_MS)

    @property
    def at(self) -> datetime:
        """Aware UTC."""
        return instant_of(self.at_ms)


def event_in(document: dict[str, Any]) -> dict[str, Any]:
    """The event, with or without the envelope of a combined stream; empty when it is none."""
    event = document.get("data", document)
    return cast("dict[str, Any]", event) if isinstance(event, dict) else {}


def instant_of(milliseconds: int) -> datetime:
    """Since the epoch, exactly."""
    return EPOCH + timedelta(milliseconds=milliseconds)
