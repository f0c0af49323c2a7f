"""Time limits and bounds of a stream; the venue's own limits in the words of its documents.

The venue ends a connection after 24 hours, takes ten messages a second and two hundred streams on
one (reference: aster 4.1). Durations in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

MOST_STREAMS = 200
"""On one connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """How one connection is kept alive."""

    connect_seconds: float = 10.0
    answer_seconds: float = 10.0
    """How long the venue may take to confirm a subscription."""
    ping_seconds: float = 20.0
    """Our pings; one that is not answered for as long again ends the connection."""
    silence_seconds: float | None = None
    """Without any message for so long, it is dead; None: silence is ordinary, pings decide."""
    swap_seconds: float = 23 * 3600.0
    """Age at which a new connection takes over, an hour before the venue would end the old one."""
    swap_again_seconds: float = 60.0
    """Until the next try, when the new connection could not be had."""
    overlap_seconds: float = 5.0
    """How long both are read: what the old one still has on its way arrives."""
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 30.0
    steady_seconds: float = 60.0
    """A connection that lived so long was a good one: the next try comes at once."""
    send_every_seconds: float = 0.15
    """Between two of our messages: under seven a second, which leaves room for pings and pongs."""
    most_frame_characters: int = 1_000_000
    """A longer message is left out."""
    most_frame_bytes: int = 16_000_000
    """A message beyond that ends the connection: it would have to be kept in memory whole."""
    queue_length: int = 1_000
    """Messages that wait for a slow reader; then the connection is not read any further."""


USER_SETTINGS = StreamSettings()
MARKET_SETTINGS = StreamSettings(silence_seconds=15.0)
"""Mark prices come every second."""
