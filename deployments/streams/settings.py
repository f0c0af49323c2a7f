"""How often the service looks, and how long it is patient. Seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

from adapters.venues.aster.streams.settings import MARKET_SETTINGS, USER_SETTINGS, StreamSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """Defaults are those of the docs (aster.md, Streams)."""

    roster_seconds: float = 5.0
    """Between two looks at which accounts there are: a change is noticed within ten seconds."""
    settle_seconds: float = 0.3
    """From the first event to the watch: a fill comes as three events, one watch sees them all."""
    busy_seconds: float = 2.0
    """Until the next try while a cycle has the account."""
    poll_seconds: float = 50.0
    """Longest time without a look at an account with something at stake; with the roster's own
    seconds it stays under the sixty in which a position that has drifted must be found."""
    alarm_seconds: float = 60.0
    """A user stream that is away for longer is an alert."""
    margin_call_seconds: float = 15 * 60.0
    """A margin call that was not repeated for so long is over."""
    first_pause_seconds: float = 2.0
    longest_pause_seconds: float = 60.0
    stop_seconds: float = 2.0
    """What a watch that runs has to come to its end when the service stops."""
    symbols_seconds: float = 30.0
    write_seconds: float = 1.0
    event_seconds: float = 2.0
    """Between two messages of prices on the dashboard's channel."""
    event_life_seconds: float = 600.0
    """Prices are news: their events are deleted after this time."""
    fill_again_seconds: float = 10.0
    """Until missing candles are asked for again, when that failed."""
    user_stream: StreamSettings = field(default=USER_SETTINGS)
    market_stream: StreamSettings = field(default=MARKET_SETTINGS)


DEFAULTS = ServiceSettings()
