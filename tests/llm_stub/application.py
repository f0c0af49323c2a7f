"""The stub as an ASGI application: requests in, scripted bytes out, connections ended under them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from tests.llm_stub.desk import Asked, Desk, print_of
from tests.llm_stub.says import Say, completion, usage

Transports = dict[tuple[str, int], asyncio.Transport]
PAGE = b"<!DOCTYPE html><html><body>This is the web site, not the API.</body></html>"
_BASES = ("/v1", "/api/v1")
_PIECE = 65_536


def application(
    present: Callable[[], Desk], transports: Transports
) -> Callable[[Any, Any, Any], Any]:
    """The application of the desk that is there when a request comes in."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        path, method = scope["path"], scope["method"]
        base, _, end = path.partition("/chat/completions")
        if base in _BASES and not end and method == "POST":
            await _complete(present(), scope, receive, send, transports.get(tuple(scope["client"])))
        elif method == "GET":
            await _send(send, 200, {"Content-Type": "text/html"}, PAGE)
        else:
            await _send(send, 404, {"Content-Type": "text/html"}, PAGE)

    return serve


def protocol(present: Callable[[], Desk], transports: Transports) -> type[H11Protocol]:
    """uvicorn's protocol, which here remembers transports and may refuse to listen."""

    class Remembering(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            self.desk = desk = present()
            transports[tuple(transport.get_extra_info("peername"))] = transport
            super().connection_made(transport)
            with desk.lock:
                desk.connections += 1
                if desk.refuse_connections > 0:
                    desk.refuse_connections -= 1
                    transport.abort()

        def connection_lost(self, exc: Exception | None) -> None:
            transports.pop(tuple(self.transport.get_extra_info("peername")), None)
            with self.desk.lock:
                self.desk.connections -= 1
            super().connection_lost(exc)

    return Remembering


async def _complete(
    desk: Desk, scope: Any, receive: Any, send: Any, transport: asyncio.Transport | None
) -> None:
    asked = _asked(scope, await _body(receive))
    say = desk.answer(asked)
    await asyncio.sleep(say.delay)
    if say.drop and transport is not None:
        transport.abort()
        return
    with desk.lock:
        number = len(desk.asked)
    if asked.body.get("stream") and say.status == 200 and say.body is None and say.error is None:
        await _stream(send, _events(say, asked.body, number), say)
    elif say.endless is not None:
        await _endless(send, say, transport)
    else:
        await _answer(send, say, _document(say, asked, number), transport)


def _document(say: Say, asked: Asked, number: int) -> bytes:
    if say.body is not None:
        return say.body.encode() if isinstance(say.body, str) else say.body
    if say.error is not None:
        document: dict[str, Any] = {"error": dict(say.error), "user_id": "user_stub"}
    else:
        document = completion(say, asked.body, number)
    body = json.dumps(document).encode()
    if say.size > len(body):
        document["choices"][0]["message"]["content"] = (say.text or "") + "x" * (
            say.size - len(body)
        )
        body = json.dumps(document).encode()
    return body


async def _answer(send: Any, say: Say, body: bytes, transport: asyncio.Transport | None) -> None:
    headers = {"Content-Type": say.content_type, "Content-Length": str(len(body)), **say.headers}
    if say.cut is None and not say.trickle:
        await _send(send, say.status, headers, body)
        return
    await _start(send, say.status, headers)
    for place in range(0, len(body[: say.cut]), 1 if say.trickle else _PIECE):
        piece = body[: say.cut][place : place + (1 if say.trickle else _PIECE)]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        await asyncio.sleep(say.trickle)
        if transport is None or transport.is_closing():
            return
    if say.cut is not None and transport is not None:
        transport.close()


async def _endless(send: Any, say: Say, transport: asyncio.Transport | None) -> None:
    is_events = say.endless == "events"
    kind = "text/event-stream" if is_events else say.content_type
    piece = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n' if is_events else b" \n"
    await _start(send, say.status, {"Content-Type": kind, **say.headers})
    while transport is not None and not transport.is_closing():
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        await asyncio.sleep(say.trickle or 0.01)


async def _stream(send: Any, events: AsyncIterator[str], say: Say) -> None:
    await _start(send, 200, {"Content-Type": "text/event-stream", **say.headers})
    async for event in events:
        await send({"type": "http.response.body", "body": event.encode(), "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _events(say: Say, asked: Mapping[str, Any], number: int) -> AsyncIterator[str]:
    """The events of a streamed answer, in OpenRouter's manner."""
    whole = completion(say, asked, number)
    head = {name: whole[name] for name in ("id", "created", "model", "provider") if name in whole}
    head["object"] = "chat.completion.chunk"

    def event(choices: list[dict[str, Any]], **more: Any) -> str:
        return f"data: {json.dumps({**head, 'choices': choices, **more})}\n\n"

    yield ": OPENROUTER PROCESSING\n\n"
    choice, message = whole["choices"][0], whole["choices"][0]["message"]
    if message.get("reasoning"):
        yield event([{"index": 0, "delta": {"reasoning": message["reasoning"]}}])
    for word in str(message["content"] or "").split(" "):
        await asyncio.sleep(say.trickle)
        delta = {"role": "assistant", "content": word + " "}
        yield event([{"index": 0, "delta": delta, "finish_reason": None}])
    if say.choice_error is not None:
        ended = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
        yield event([ended], error=dict(say.choice_error))
        return
    if message.get("tool_calls"):
        calls = [{"index": n, **each} for n, each in enumerate(message["tool_calls"])]
        yield event([{"index": 0, "delta": {"tool_calls": calls}, "finish_reason": None}])
    yield event([{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}])
    if (asked.get("stream_options") or {}).get("include_usage") or asked.get("usage"):
        yield event([], usage=usage(say, asked))
    while say.endless is not None:
        await asyncio.sleep(say.trickle or 0.01)
        yield ": OPENROUTER PROCESSING\n\n"
    yield "data: [DONE]\n\n"


def _asked(scope: Any, body: bytes) -> Asked:
    headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
    key = headers.get("authorization", "").removeprefix("Bearer ")
    if key:
        headers["authorization"] = f"Bearer of {len(key)} characters"
    return Asked(
        path=scope["path"],
        headers=headers,
        key_print=print_of(key) if key else None,
        body=json.loads(body),
    )


async def _body(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def _start(send: Any, status: int, headers: Mapping[str, str]) -> None:
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})


async def _send(send: Any, status: int, headers: Mapping[str, str], body: bytes) -> None:
    await _start(send, status, headers)
    await send({"type": "http.response.body", "body": body})
