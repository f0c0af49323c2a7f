"""The sandbox as an ASGI application: faults around answers, raw bytes in and out.

The connection of a request can be ended under it: the protocol keeps the transport of every peer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from tests.aster_sandbox.answering import Answer, answer
from tests.aster_sandbox.control import control
from tests.aster_sandbox.faults import Fault
from tests.aster_sandbox.received import Received
from tests.aster_sandbox.sockets import serve_socket
from tests.aster_sandbox.venue import Venue

Transports = dict[tuple[str, int], asyncio.Transport]


def application(
    present: Callable[[], Venue], transports: Transports
) -> Callable[[Any, Any, Any], Any]:
    """The application of the venue that is there when a request or a socket comes in."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        venue = present()
        if scope["type"] == "websocket":
            await serve_socket(venue, scope, receive, send)
        elif scope["type"] == "http":
            request = await _received(scope, receive)
            if request.path.startswith("/sandbox/"):
                await _send(send, control(venue, request))
            else:
                await _answered(venue, request, send, transports.get(tuple(scope["client"])))

    return serve


def protocol(transports: Transports) -> type[H11Protocol]:
    """uvicorn's protocol, which here remembers the transports of its peers."""

    class Remembering(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            transports[tuple(transport.get_extra_info("peername"))] = transport
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            transports.pop(tuple(self.transport.get_extra_info("peername")), None)
            super().connection_lost(exc)

    return Remembering


async def _answered(
    venue: Venue, request: Received, send: Any, transport: asyncio.Transport | None
) -> None:
    with venue.lock:
        venue.requests.append(request)
        fault = venue.faults.take(request.method, request.path, request.parameters)
    if fault is None:
        await _send(send, answer(venue, request))
        return
    await asyncio.sleep(fault.delay)
    given = answer(venue, request, fault) if fault.is_executed else _untouched(venue, request)
    await asyncio.sleep(fault.answer_delay)
    if fault.drop and transport is not None:
        transport.abort()
        await asyncio.sleep(0.05)
        return
    await _send(send, _instead(given, fault), cut=fault.cut, transport=transport)


def _untouched(venue: Venue, request: Received) -> Answer:
    """What is answered where nothing was done."""
    headers = venue.scales.headers(request.host, None, venue.time.now_ms)
    return Answer(status=200, body=b"{}", headers=headers)


def _instead(given: Answer, fault: Fault) -> Answer:
    text = fault.text
    return Answer(
        status=fault.status or given.status,
        body=given.body if text is None else text.encode(),
        headers={**given.headers, **fault.headers},
    )


async def _received(scope: Any, receive: Any) -> Received:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return Received(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        body=body.decode("utf-8", "replace"),
        headers={k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]},
        host=scope["client"][0],
    )


async def _send(send: Any, given: Answer, *, cut: int | None = None, transport: Any = None) -> None:
    headers = {"Content-Type": "application/json", **given.headers}
    headers["Content-Length"] = str(len(given.body))
    await send(
        {
            "type": "http.response.start",
            "status": given.status,
            "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()],
        }
    )
    if cut is None:
        await send({"type": "http.response.body", "body": given.body})
        return
    await send({"type": "http.response.body", "body": given.body[:cut], "more_body": True})
    if transport is not None:
        transport.close()
        await asyncio.sleep(0.05)
