"""The arena's clock: market time as a linear function of real time.

With speed 1 and equal anchors market time is real time. A simulated or recorded market may run
faster and in another year. The anchors are stored once, so every process reads the same time;
after a stop the clock is re-anchored and goes on where it stopped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from trading.errors import InvalidRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ArenaClock:
    """`market = market_anchor + (real - real_anchor) x speed`, all aware UTC."""

    real_anchor: datetime
    market_anchor: datetime
    speed: float
    """Market seconds per real second; positive."""
    ends_at: datetime | None = None
    """Market time at which recorded data ends; the clock stands still from there."""

    def __post_init__(self) -> None:
        if not 0.0 < self.speed <= 10_000.0:
            raise InvalidRecord(f"speed is {self.speed}, allowed is above 0 and up to 10000")

    def market_at(self, real: datetime) -> datetime:
        """Market time at a real instant; never after `ends_at`."""
        market = self.market_anchor + (real - self.real_anchor) * self.speed
        return market if self.ends_at is None else min(market, self.ends_at)

    def real_at(self, market: datetime) -> datetime:
        """Real instant at which a market time is reached."""
        return self.real_anchor + (market - self.market_anchor) / self.speed

    def real_length(self, market_length: timedelta) -> timedelta:
        """How long a stretch of market time takes."""
        return market_length / self.speed

    def resumed(
        self, *, real: datetime, market: datetime, speed: float | None = None
    ) -> ArenaClock:
        """The clock going on from `market` at `real`, after a stop or with another speed."""
        return replace(self, real_anchor=real, market_anchor=market, speed=speed or self.speed)
