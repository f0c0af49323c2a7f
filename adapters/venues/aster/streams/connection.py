"""One stream kept alive: connected again with growing pauses, exchanged before the venue ends it.

A planned exchange loses nothing: the new connection is up and subscribed before the old one is
closed, so messages come twice rather than never; whoever reads drops the second. After any other
break a `Gap` is told, because what happened in between is lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.venues.aster.streams.pauses import Jitter, pause_before, system_jitter
from adapters.venues.aster.streams.settings import StreamSettings
from adapters.venues.aster.streams.stream_socket import Document, StreamSocket
from trading.errors import OutcomeUnknown, TradingError, VenueUnavailable

_log = logging.getLogger("perpflow.aster.streams")
_PASSING = (VenueUnavailable, OutcomeUnknown)
"""What passes by itself. Everything else ends the stream: refused keys do not get better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """From here on everything is heard; what was before may be missing: read it by REST."""

    at: datetime
    """Real time."""
    why: str
    symbols: frozenset[str] = frozenset()
    """Of a market stream: whose events may be missing. Of a user stream: empty, all of them."""


OpenSocket = Callable[[], Awaitable[StreamSocket]]
"""A new connection, not subscribed yet. Raises `Unreachable` where another try may help."""
Put = Callable[[Document | Gap], Awaitable[None]]


@dataclass(slots=True, eq=False)
class _Leg:
    """A connection and the task that reads it; the task's result is why it has ended."""

    socket: StreamSocket
    reader: asyncio.Task[str]
    symbols: frozenset[str] = frozenset()
    """Whose streams the venue has confirmed on it."""


class StreamLine:
    """The stream; `run` until it is cancelled."""

    def __init__(
        self,
        what: str,
        open_socket: OpenSocket,
        put: Put,
        settings: StreamSettings,
        *,
        streams: frozenset[str] = frozenset(),
        symbols: frozenset[str] = frozenset(),
        jitter: Jitter = system_jitter,
    ) -> None:
        self.what = what
        self.swaps = 0
        """Planned exchanges so far."""
        self.is_up = False
        self.symbols = symbols
        self._open_socket = open_socket
        self._put = put
        self._settings = settings
        self._streams = streams
        self._jitter = jitter
        self._wake = asyncio.Event()
        self._restart: str | None = None
        self._legs: list[_Leg] = []
        self._is_told = False

    def want(self, streams: frozenset[str], symbols: frozenset[str] = frozenset()) -> None:
        """Follow these from now on."""
        self._streams, self.symbols = streams, symbols
        self._wake.set()

    def restart(self, why: str) -> None:
        """Connect anew: what is heard now is not what it should be."""
        self._restart = why
        self._wake.set()

    async def run(self) -> None:
        """Raises what does not pass by itself: keys that are refused, a defect."""
        tries, why = 0, "first connection"
        try:
            while True:
                # Who asked for another connection before this one is opened, gets it by this one.
                self._restart = None
                leg = await self._try_to_open()
                if isinstance(leg, _Leg):
                    began = self._now()
                    await self._come_up(leg, why)
                    why = await self._attend(leg)
                    self.is_up = False
                    tries = 0 if self._now() - began >= self._settings.steady_seconds else tries + 1
                    _log.info("%s: %s; connecting again", self.what, why)
                else:
                    self._tell_failure(leg)
                    tries += 1
                await self._pause(tries)
        finally:
            self.is_up = False
            for leg in tuple(self._legs):
                await self._close(leg)

    async def _pause(self, tries: int) -> None:
        settings = self._settings
        first, longest = settings.first_pause_seconds, settings.longest_pause_seconds
        await asyncio.sleep(pause_before(tries, first, longest, self._jitter))

    async def _come_up(self, leg: _Leg, why: str) -> None:
        self.is_up = True
        if self._is_told:
            _log.info("%s is connected again", self.what)
        self._is_told = False
        await self._put(Gap(at=datetime.now(UTC), why=why, symbols=leg.symbols))

    async def _tell_added(self, added: frozenset[str]) -> None:
        if added:
            why = "followed from now on"
            await self._put(Gap(at=datetime.now(UTC), why=why, symbols=added))

    def _tell_failure(self, reason: str) -> None:
        if not self._is_told:
            _log.warning("%s cannot be had and is tried again: %s", self.what, reason)
        self._is_told = True

    async def _try_to_open(self) -> _Leg | str:
        """A connection that is subscribed, or why there is none now."""
        try:
            socket = await self._open_socket()
        except _PASSING as error:
            return str(error)
        leg = _Leg(socket, asyncio.create_task(self._read(socket)))
        self._legs.append(leg)
        failure = await self._align(leg)
        if failure is not None:
            await self._close(leg)
            return failure
        return leg

    async def _align(self, leg: _Leg) -> str | None:
        """Subscribe to what is wanted; why that failed, None when it did not."""
        symbols = self.symbols
        aligning = asyncio.create_task(leg.socket.align(self._streams))
        try:
            done, _ = await asyncio.wait(
                {aligning, leg.reader}, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            aligning.cancel()
        if aligning not in done:
            return leg.reader.result()
        try:
            aligning.result()
        except _PASSING as error:
            return str(error)
        leg.symbols = symbols
        return None

    async def _read(self, socket: StreamSocket) -> str:
        while True:
            try:
                document = await socket.receive()
            except _PASSING as error:
                return str(error)
            await self._put(document)

    async def _attend(self, leg: _Leg) -> str:
        """Until there is no connection any more; why."""
        swap_at = self._now() + self._settings.swap_seconds
        while True:
            await self._until_something(leg, swap_at)
            if leg.reader.done():
                await self._close(leg)
                return leg.reader.result()
            if self._wake.is_set():
                self._wake.clear()
                heard = leg.symbols
                why = self._restart or await self._align(leg)
                if why is not None:
                    await self._close(leg)
                    return why
                await self._tell_added(leg.symbols - heard)
            elif self._now() >= swap_at:
                leg, swap_in = await self._swap(leg)
                swap_at = self._now() + swap_in

    async def _until_something(self, leg: _Leg, swap_at: float) -> None:
        waking = asyncio.create_task(self._wake.wait())
        try:
            await asyncio.wait(
                {leg.reader, waking},
                timeout=max(0.0, swap_at - self._now()),
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            waking.cancel()

    async def _swap(self, old: _Leg) -> tuple[_Leg, float]:
        """The connection to go on with, and the seconds until the next exchange."""
        try:
            new = await self._try_to_open()
        except TradingError as error:
            new = str(error)
        if isinstance(new, str):
            _log.warning("%s: the planned exchange has to wait: %s", self.what, new)
            return old, self._settings.swap_again_seconds
        if old.reader.done():
            await self._come_up(new, "the connection ended before its planned exchange")
        else:
            await self._tell_added(new.symbols - old.symbols)
            await asyncio.wait({old.reader}, timeout=self._settings.overlap_seconds)
        await self._close(old)
        self.swaps += 1
        _log.info("%s: exchanged as planned", self.what)
        return new, self._settings.swap_seconds

    async def _close(self, leg: _Leg) -> None:
        leg.reader.cancel()
        await asyncio.wait({leg.reader})
        await leg.socket.close()
        self._legs.remove(leg)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
