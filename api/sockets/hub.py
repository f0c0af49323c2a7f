"""Numbers messages and hands them to every listener that asked for them; remembers the last 10,000.

`seq` is given here, at publishing time, by the one process that publishes: database sequences
commit out of order. `stream` is new at each start, so a client that was connected to an earlier
process is told to reload instead of believing that it missed nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from adapters.store.views.events import EventRow
from api.exact_json import render

RING_SIZE = 10_000
QUEUE_SIZE = 2_000
LISTENER_LIMIT = 200
CHANNELS = ("trading-events", "positions", "market-data", "system")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One numbered message, rendered once for all listeners."""

    seq: int
    channel: str
    account_id: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """What a listener wants; empty `accounts` means all. System messages reach everybody."""

    channels: frozenset[str]
    accounts: frozenset[str] = frozenset()

    def covers(self, message: Message) -> bool:
        if message.channel == "system":
            return True
        if message.channel not in self.channels:
            return False
        return (
            not self.accounts or message.account_id is None or message.account_id in self.accounts
        )


@dataclass(eq=False, slots=True)
class Listener:
    """One socket's bounded queue. When it is full the listener is cut off, never skipped over."""

    interest: Interest
    queue: asyncio.Queue[Message]
    cut_off: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A listener with what it missed; `resync` says why it has to reload instead."""

    listener: Listener
    seq: int
    missed: tuple[Message, ...] = ()
    resync: str | None = None


class TooManyListeners(Exception):
    """The process serves no more sockets."""


@dataclass(eq=False, slots=True)
class Hub:
    """All listeners of this process. Everything runs on one event loop, so nothing is locked."""

    queue_size: int = QUEUE_SIZE
    ring_size: int = RING_SIZE
    stream: str = field(default_factory=lambda: uuid4().hex)
    seq: int = 0
    listeners: set[Listener] = field(default_factory=set)
    _ring: deque[Message] = field(init=False)

    def __post_init__(self) -> None:
        self._ring = deque(maxlen=self.ring_size)

    def publish(self, events: Iterable[EventRow]) -> None:
        """Number events in their order and offer each to the listeners that want it."""
        for event in events:
            self.seq += 1
            self._offer(
                Message(
                    seq=self.seq,
                    channel=event.channel,
                    account_id=event.account_id,
                    text=self._envelope(event),
                )
            )

    def join(self, interest: Interest, *, stream: str | None, since: int | None) -> Joined:
        """Add a listener. With the same stream and a number still in the ring it resumes there."""
        if len(self.listeners) >= LISTENER_LIMIT:
            raise TooManyListeners
        listener = Listener(interest, asyncio.Queue(maxsize=self.queue_size))
        self.listeners.add(listener)
        if stream is None and since is None:
            return Joined(listener=listener, seq=self.seq)
        reason = self._why_resync(stream, since)
        if reason is not None or since is None:
            return Joined(listener=listener, seq=self.seq, resync=reason or "since_missing")
        missed = tuple(m for m in self._ring if m.seq > since and interest.covers(m))
        return Joined(listener=listener, seq=self.seq, missed=missed)

    def leave(self, listener: Listener) -> None:
        """Forget a listener; does nothing when it is gone already."""
        self.listeners.discard(listener)

    def _why_resync(self, stream: str | None, since: int | None) -> str | None:
        if stream != self.stream:
            return "stream_changed"
        if since is None:
            return "since_missing"
        if since > self.seq:
            return "since_unknown"
        oldest = self._ring[0].seq if self._ring else self.seq + 1
        return "buffer_exceeded" if since < oldest - 1 else None

    def _offer(self, message: Message) -> None:
        self._ring.append(message)
        for listener in tuple(self.listeners):
            if not listener.interest.covers(message):
                continue
            try:
                listener.queue.put_nowait(message)
            except asyncio.QueueFull:
                listener.cut_off.set()
                self.leave(listener)

    def _envelope(self, event: EventRow) -> str:
        return as_text(
            type=event.kind,
            stream=self.stream,
            seq=self.seq,
            ts=event.real_at,
            market_time=event.at,
            channel=event.channel,
            account_id=event.account_id,
            data=event.payload,
        )

    def hello(self, joined: Joined, *, now: datetime, heartbeat_seconds: float) -> str:
        """The first message of a socket; everything after `seq` follows."""
        interest = joined.listener.interest
        return as_text(
            type="hello",
            stream=self.stream,
            seq=joined.seq,
            server_time=now,
            heartbeat_s=heartbeat_seconds,
            channels=sorted(interest.channels),
            account_id=sorted(interest.accounts),
        )

    def heartbeat(self, seq: int, now: datetime) -> str:
        """Tells that the line is alive and how far it is; browsers cannot see protocol pings."""
        return as_text(type="heartbeat", stream=self.stream, seq=seq, ts=now)

    def resync(self, reason: str) -> str:
        """Tells the client to load by REST and to go on from `seq`."""
        return as_text(type="resync_required", stream=self.stream, seq=self.seq, reason=reason)


def as_text(**fields: Any) -> str:
    """An envelope of version 1."""
    return render({"v": 1, **fields}).decode()
