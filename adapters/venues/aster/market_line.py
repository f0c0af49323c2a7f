"""The way to the venue's public calls for a market: a client, its clock, and errors as market data.

A read that found no answer is repeated once. What still fails is `BadMarketData` of the instrument,
so that it stops nobody else; a refusal of the request budget stays one, because it has a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from adapters.venues.aster.client import AsterClient, ClientParts
from adapters.venues.aster.clock import ClockReading, HostClock, is_stale
from adapters.venues.aster.errors import Blocked
from adapters.venues.aster.limits import RateLimitRow
from adapters.venues.aster.loop_clients import LoopClient, LoopClients
from adapters.venues.aster.market_calls import MarketCalls
from adapters.venues.aster.networks import VenueAddress
from adapters.venues.aster.transport import Timeouts
from trading.errors import BadMarketData, VenueError, VenueUnavailable, WeightRefused
from trading.ports import WeightBudget
from trading.timeframes import EPOCH
from trading.weights import Priority

Value = TypeVar("Value")

PAUSE_SECONDS = 0.3
"""Before a read is repeated."""
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineParts:
    """What the world gives a line."""

    address: VenueAddress
    budget: WeightBudget
    timeouts: Timeouts = field(default_factory=Timeouts)
    host_clock: HostClock = field(default_factory=HostClock)


class MarketLine:
    """One host, for all loops of a process."""

    def __init__(self, parts: LineParts) -> None:
        self.parts = parts
        self.clients = LoopClients(self._build)
        self._reading: ClockReading | None = None
        self._limits: tuple[RateLimitRow, ...] = ()

    async def ask(self, symbol: str, call: Callable[[MarketCalls], Awaitable[Value]]) -> Value:
        """The answer of a call. Raises `BadMarketData` of the symbol, and `WeightRefused`."""
        try:
            return await self.call(call)
        except WeightRefused:
            raise
        except VenueError as error:
            raise BadMarketData(symbol, str(error)) from error

    async def call(self, call: Callable[[MarketCalls], Awaitable[Value]]) -> Value:
        """The answer of a call, which is repeated once where that may help. Raises `VenueError`."""
        line = await self.clients.of_this_loop()
        async with line.places:
            try:
                return await call(line.client.market)
            except (WeightRefused, Blocked):
                raise
            except VenueUnavailable:
                await asyncio.sleep(PAUSE_SECONDS)
                return await call(line.client.market)

    async def venue_now(self) -> datetime:
        """The venue's clock, aware UTC. Raises `VenueError` while it was never read."""
        host = self.parts.host_clock
        reading = self._fresh_reading()
        if reading is None:
            line = await self.clients.of_this_loop()
            async with line.lock:
                reading = self._fresh_reading() or await self._read_clock(line)
        return EPOCH + reading.venue_now_us(host.monotonic_ns()) * _MICROSECOND

    def learn(self, limits: tuple[RateLimitRow, ...]) -> None:
        """What the venue publishes of its limits holds for the clients of later loops as well."""
        self._limits = limits

    def _build(self) -> AsterClient:
        parts = self.parts
        client = AsterClient(
            ClientParts(
                address=parts.address,
                budget=parts.budget,
                timeouts=parts.timeouts,
                host_clock=parts.host_clock,
                real_now=lambda: datetime.now(UTC),
            )
        )
        client.market.caller.spending.learn(self._limits)
        return client

    def _fresh_reading(self) -> ClockReading | None:
        reading = self._reading
        return None if reading is None or is_stale(reading, self.parts.host_clock) else reading

    async def _read_clock(self, line: LoopClient) -> ClockReading:
        try:
            reading = await line.client.read_clock(Priority.MARKET)
        except VenueError:
            if self._reading is None:
                raise
            # An old reading is carried on by the monotonic clock: some milliseconds off at most.
            return self._reading
        self._reading = reading
        return reading
