"""The WebSocket endpoints: seed 002's three paths and one that carries several channels.

A socket listens to what its query names (`account_id`, `channels`) and takes no messages. It
is closed with 4400 when it talks, 4408 when it does not read, 4401 when its token is revoked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from api.sockets.hub import CHANNELS, Hub, Interest, Joined, TooManyListeners
from api.store_access import open_of
from trading.account import ACCOUNT_ID

HEARTBEAT_SECONDS = 30.0
BAD_MESSAGE = 4400
TOKEN_REVOKED = 4401
TOO_SLOW = 4408
TRY_LATER = 1013
_MOST_ACCOUNTS = 100
_CLOSING_SECONDS = 2.0


class BadQuery(ValueError):
    """The query of the handshake cannot be served."""


def socket_routes(
    is_still_allowed: Callable[[WebSocket], Awaitable[bool]],
    *,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
) -> list[WebSocketRoute]:
    """One route per channel of the seeds, and `/ws` for several at once."""

    def route(path: str, *channels: str) -> WebSocketRoute:
        async def serve(socket: WebSocket) -> None:
            await _serve(socket, channels, is_still_allowed, heartbeat_seconds)

        return WebSocketRoute(path, serve, name=path)

    return [
        route("/ws"),
        route("/ws/trading-events", "trading-events"),
        route("/ws/positions", "positions"),
        route("/ws/market-data", "market-data"),
    ]


async def _serve(
    socket: WebSocket,
    channels: tuple[str, ...],
    is_still_allowed: Callable[[WebSocket], Awaitable[bool]],
    heartbeat_seconds: float,
) -> None:
    hub = open_of(socket).hub
    await socket.accept()
    try:
        interest = _interest(socket, channels)
        stream, since = _resume_point(socket)
        joined = hub.join(interest, stream=stream, since=since)
    except BadQuery as error:
        await socket.close(BAD_MESSAGE, str(error))
        return
    except TooManyListeners:
        await socket.close(TRY_LATER, "too many listeners")
        return
    try:
        await _converse(socket, hub, joined, is_still_allowed, heartbeat_seconds)
    finally:
        hub.leave(joined.listener)


async def _converse(
    socket: WebSocket,
    hub: Hub,
    joined: Joined,
    is_still_allowed: Callable[[WebSocket], Awaitable[bool]],
    heartbeat_seconds: float,
) -> None:
    """Write, read and watch the queue at once; whichever ends first ends the socket."""
    listener = joined.listener

    async def write() -> None:
        await _greet(socket, hub, joined, heartbeat_seconds)
        await _forward(socket, hub, joined, is_still_allowed, heartbeat_seconds)

    tasks = {
        asyncio.create_task(write()),
        asyncio.create_task(_refuse_talk(socket)),
        asyncio.create_task(listener.cut_off.wait()),
    }
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            with suppress(WebSocketDisconnect, RuntimeError):
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if listener.cut_off.is_set():
        with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            await asyncio.wait_for(socket.close(TOO_SLOW, "too slow"), _CLOSING_SECONDS)


async def _greet(socket: WebSocket, hub: Hub, joined: Joined, heartbeat_seconds: float) -> None:
    await socket.send_text(
        hub.hello(joined, now=datetime.now(UTC), heartbeat_seconds=heartbeat_seconds)
    )
    if joined.resync is not None:
        await socket.send_text(hub.resync(joined.resync))
    for message in joined.missed:
        await socket.send_text(message.text)


async def _forward(
    socket: WebSocket,
    hub: Hub,
    joined: Joined,
    is_still_allowed: Callable[[WebSocket], Awaitable[bool]],
    heartbeat_seconds: float,
) -> None:
    loop = asyncio.get_running_loop()
    queue, sent = joined.listener.queue, joined.seq
    next_beat = loop.time() + heartbeat_seconds
    while True:
        if loop.time() >= next_beat:
            next_beat = loop.time() + heartbeat_seconds
            if not await is_still_allowed(socket):
                await socket.close(TOKEN_REVOKED, "token revoked")
                return
            # With an empty queue all that was published has been sent; else only up to `sent`.
            reached = hub.seq if queue.empty() else sent
            await socket.send_text(hub.heartbeat(reached, datetime.now(UTC)))
        try:
            async with asyncio.timeout_at(next_beat):
                message = await queue.get()
        except TimeoutError:
            continue
        await socket.send_text(message.text)
        sent = message.seq


async def _refuse_talk(socket: WebSocket) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if socket.application_state is WebSocketState.CONNECTED:
            await socket.close(BAD_MESSAGE, "this socket listens to its query only")
        return


def _interest(socket: WebSocket, channels: tuple[str, ...]) -> Interest:
    wanted = channels or tuple(_words(socket, "channels")) or CHANNELS
    unknown = sorted(set(wanted) - set(CHANNELS))
    if unknown:
        raise BadQuery(f"unknown channel; known: {', '.join(CHANNELS)}")
    accounts = _words(socket, "account_id")
    if len(accounts) > _MOST_ACCOUNTS or any(ACCOUNT_ID.fullmatch(a) is None for a in accounts):
        raise BadQuery("account_id is not valid")
    return Interest(channels=frozenset(wanted), accounts=frozenset(accounts))


def _words(socket: WebSocket, name: str) -> list[str]:
    """Values of a parameter, given several times or separated by commas."""
    values = socket.query_params.getlist(name)
    return [word for value in values for word in value.split(",") if word]


def _resume_point(socket: WebSocket) -> tuple[str | None, int | None]:
    since = socket.query_params.get("since")
    if since is not None and not (since.isascii() and since.isdecimal() and len(since) < 16):
        raise BadQuery("since is not a sequence number")
    return socket.query_params.get("stream"), None if since is None else int(since)
