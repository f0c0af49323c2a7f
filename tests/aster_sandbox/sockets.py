"""WebSocket connections: raw and combined streams, live subscriptions, the user stream.

`/ws`, `/ws/<stream or listen key>` and `/stream?streams=a/b`, also below a prefix such as `/fstream`.
A SUBSCRIBE without `id` is taken. Connections end after the venue's longest life.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from typing import Any, cast
from urllib.parse import parse_qs

from tests.aster_sandbox.hub import Connection, mark_document
from tests.aster_sandbox.venue import Venue


async def serve_socket(venue: Venue, scope: Any, receive: Any, send: Any) -> None:
    """One connection from its opening to its end."""
    await receive()
    path = str(scope["path"]).removeprefix("/fstream")
    streams = _named(path, scope["query_string"].decode())
    is_there = path.startswith(("/ws", "/stream")) and venue.settings.opens_streams
    if streams is None or not is_there:
        await send({"type": "websocket.close", "code": 1008})
        return
    connection = Connection(
        loop=asyncio.get_running_loop(), is_combined=path.startswith("/stream"), streams=streams
    )
    # Before the answer: whoever has connected hears everything from then on. It waits in the queue.
    with venue.lock:
        venue.hub.connections.add(connection)
        _greet(venue, connection, streams)
    await send({"type": "websocket.accept"})
    sender = asyncio.ensure_future(_send_all(venue, connection, send))
    reader = asyncio.ensure_future(_read_all(venue, connection, receive))
    try:
        await asyncio.wait(
            {sender, reader},
            timeout=venue.settings.stream_life_seconds,
            return_when=asyncio.FIRST_COMPLETED,
        )
    finally:
        with venue.lock:
            venue.hub.connections.discard(connection)
        for task in (sender, reader):
            task.cancel()
        with contextlib.suppress(Exception):
            await send({"type": "websocket.close", "code": 1001})


def _named(path: str, query: str) -> set[str] | None:
    if path.startswith("/stream"):
        return {name for name in parse_qs(query).get("streams", [""])[0].split("/") if name}
    name = path.removeprefix("/ws").strip("/")
    return None if "/" in name else {name} if name else set()


async def _send_all(venue: Venue, connection: Connection, send: Any) -> None:
    while (document := await connection.queue.get()) is not None:
        await asyncio.sleep(venue.settings.stream_delay_seconds)
        await send({"type": "websocket.send", "text": json.dumps(document)})


async def _read_all(venue: Venue, connection: Connection, receive: Any) -> None:
    """Until the peer leaves, or has said more in a second than it may."""
    heard: deque[float] = deque(maxlen=venue.settings.stream_messages_per_second)
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        now = time.monotonic()
        if len(heard) == heard.maxlen and now - heard[0] < 1:
            return
        heard.append(now)
        text = message.get("text") or (message.get("bytes") or b"").decode()
        with venue.lock:
            connection.put(_obeyed(venue, connection, text))


def _obeyed(venue: Venue, connection: Connection, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {"code": 3, "msg": "Invalid JSON: expected value"}
    if not isinstance(found, dict):
        return {"code": 2, "msg": "Invalid request: expected an object"}
    command = cast("dict[str, Any]", found)
    method, names = command.get("method"), [str(n) for n in command.get("params") or []]
    answer: dict[str, Any] = {"result": None, "id": command.get("id")}
    if method == "SUBSCRIBE":
        if len(connection.streams | set(names)) > venue.settings.streams_per_connection:
            return {"code": 2, "msg": "Invalid request: too many streams", "id": answer["id"]}
        connection.streams |= set(names)
        _greet(venue, connection, set(names))
    elif method == "UNSUBSCRIBE":
        connection.streams -= set(names)
    elif method == "LIST_SUBSCRIPTIONS":
        answer["result"] = sorted(connection.streams)
    elif method == "GET_PROPERTY":
        answer["result"] = connection.is_combined
    elif method == "SET_PROPERTY":
        connection.is_combined = (command.get("params") or ["", False])[1] is True
    else:
        return {"code": 0, "msg": f"Unknown property: {method}"}
    return answer


def _greet(venue: Venue, connection: Connection, names: set[str]) -> None:
    """The mark price comes every few seconds anyway: the first one at once."""
    for market in venue.markets.values():
        name = market.instrument.symbol.lower()
        for stream in names & {f"{name}@markPrice", f"{name}@markPrice@1s"}:
            connection.tell(stream, mark_document(market, venue.time.now_ms))
