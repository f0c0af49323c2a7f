"""The hub: numbering, the ring, slow listeners, heartbeats."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.websockets import WebSocket

from adapters.store.views.events import EventRow
from api.sockets.endpoint import socket_routes
from api.sockets.hub import LISTENER_LIMIT, Hub, Interest, TooManyListeners

ALL = Interest(channels=frozenset({"trading-events"}))
AT = datetime(2026, 3, 2, tzinfo=UTC)


def event(number: int, account_id: str | None = "grid") -> EventRow:
    return EventRow(
        id=number,
        at=AT,
        real_at=AT,
        account_id=account_id,
        channel="trading-events",
        kind="order.filled",
        payload={"n": number},
    )


def test_a_slow_listener_is_cut_off_and_the_others_miss_nothing() -> None:
    hub = Hub(queue_size=2)
    slow = hub.join(ALL, stream=None, since=None).listener
    quick = hub.join(ALL, stream=None, since=None).listener
    heard = []
    for number in range(5):
        hub.publish([event(number)])
        heard.append(json.loads(quick.queue.get_nowait().text)["data"]["n"])
    assert heard == [0, 1, 2, 3, 4]
    assert slow.cut_off.is_set()
    assert not quick.cut_off.is_set()
    assert hub.listeners == {quick}


def test_the_ring_replays_what_it_still_has_and_says_when_it_does_not() -> None:
    hub = Hub(ring_size=3)
    hub.publish(event(n) for n in range(5))  # seq 1 to 5; the ring holds 3 to 5
    missed = hub.join(ALL, stream=hub.stream, since=2).missed
    assert [message.seq for message in missed] == [3, 4, 5]
    assert hub.join(ALL, stream=hub.stream, since=1).resync == "buffer_exceeded"
    assert hub.join(ALL, stream=hub.stream, since=5).missed == ()


def test_a_replay_is_filtered_like_the_live_messages() -> None:
    hub = Hub()
    hub.publish([event(1, "grid"), event(2, "momentum"), event(3, None)])
    only = Interest(channels=ALL.channels, accounts=frozenset({"momentum"}))
    assert [m.seq for m in hub.join(only, stream=hub.stream, since=0).missed] == [2, 3]


def test_two_starts_have_two_streams() -> None:
    assert Hub().stream != Hub().stream


def test_the_process_serves_a_bounded_number_of_listeners() -> None:
    hub = Hub()
    for _ in range(LISTENER_LIMIT):
        hub.join(ALL, stream=None, since=None)
    with pytest.raises(TooManyListeners):
        hub.join(ALL, stream=None, since=None)


class Line:
    """One WebSocket by ASGI: what the server sent, and a client that may stop reading."""

    def __init__(self, app: Any, *, reads: bool = True) -> None:
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._inbox.put_nowait({"type": "websocket.connect"})
        self.may_read = asyncio.Event()
        if reads:
            self.may_read.set()
        scope = {
            "type": "websocket",
            "path": "/ws",
            "query_string": b"",
            "headers": [],
            "subprotocols": [],
            "app": app,
        }
        self.task = asyncio.create_task(app(scope, self._inbox.get, self._send))

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            await self.may_read.wait()
        self.sent.put_nowait(message)

    async def next(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.sent.get(), 5)


def app_with(hub: Hub, *, allowed: bool = True, heartbeat_seconds: float = 60) -> Starlette:
    async def is_still_allowed(_: WebSocket) -> bool:
        return allowed

    app = Starlette(routes=socket_routes(is_still_allowed, heartbeat_seconds=heartbeat_seconds))
    app.state.open = type("Open", (), {"hub": hub})()
    return app


async def test_a_heartbeat_tells_how_far_the_line_is() -> None:
    hub = Hub()
    line = Line(app_with(hub, heartbeat_seconds=0.05))
    assert (await line.next())["type"] == "websocket.accept"
    assert json.loads((await line.next())["text"])["type"] == "hello"
    hub.publish([event(1)])
    assert json.loads((await line.next())["text"])["seq"] == 1
    beat = json.loads((await line.next())["text"])
    assert (beat["type"], beat["seq"], beat["stream"]) == ("heartbeat", 1, hub.stream)
    line.task.cancel()


async def test_a_socket_whose_token_was_revoked_is_closed_at_the_next_heartbeat() -> None:
    line = Line(app_with(Hub(), allowed=False, heartbeat_seconds=0.05))
    await line.next()
    await line.next()
    assert (await line.next())["code"] == 4401
    await asyncio.wait_for(line.task, 5)


async def test_a_client_that_never_reads_is_closed_with_4408_and_forgotten() -> None:
    hub = Hub(queue_size=3)
    line = Line(app_with(hub), reads=False)
    assert (await line.next())["type"] == "websocket.accept"
    await asyncio.sleep(0.05)
    hub.publish(event(n) for n in range(10))
    closed = await line.next()
    assert (closed["type"], closed["code"]) == ("websocket.close", 4408)
    await asyncio.wait_for(line.task, 5)
    assert not hub.listeners
