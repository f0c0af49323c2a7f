"""Answers: exact JSON, an ETag of the content, the cache times of seed 000, shared computation.

Many viewers ask the same question at the same moment: `SharedAnswers` computes it once and hands
the bytes to all. It never outlives its lifetime, so a figure is at most that old.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property

from fastapi import Request, Response
from pydantic import BaseModel

from api.exact_json import render

ACCOUNT_SECONDS = 5
TRADES_SECONDS = 10
LEADERBOARD_SECONDS = 30
"""Cache times of seed 000."""
COMPRESS_FROM_BYTES = 1_000
_SHARED_LIFETIME_SECONDS = 2.0
_SHARED_LIMIT = 256


@dataclass(frozen=True)
class Body:
    """A rendered document and its validator."""

    content: bytes
    etag: str

    @cached_property
    def compressed(self) -> bytes:
        """Compressed once for all who share the body."""
        return gzip.compress(self.content, compresslevel=5, mtime=0)


def body_of(document: BaseModel) -> Body:
    """Render a response model with exact numbers."""
    content = render(document.model_dump())
    return Body(content, f'W/"{hashlib.blake2s(content, digest_size=12).hexdigest()}"')


def answer(request: Request, document: BaseModel | Body, *, max_age: int | None) -> Response:
    """The document, or 304 when the client has it; `max_age` None means: never stored."""
    body = document if isinstance(document, Body) else body_of(document)
    headers = {"Cache-Control": "no-store"}
    if max_age is not None:
        headers = {
            "Cache-Control": f"private, max-age={max_age}",
            "ETag": body.etag,
        }
    if not request.url.path.startswith("/api/v1/"):
        headers["Link"] = f'</api/v1{request.url.path}>; rel="canonical"'
    if max_age is not None and body.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    content = body.content
    if len(content) >= COMPRESS_FROM_BYTES and takes_gzip(request):
        content, headers["Content-Encoding"] = body.compressed, "gzip"
    headers["Vary"] = "Accept-Encoding, Authorization, Cookie"
    return Response(content, headers=headers, media_type="application/json")


def takes_gzip(request: Request) -> bool:
    """Whether the client reads gzip."""
    return "gzip" in request.headers.get("accept-encoding", "")


class SharedAnswers:
    """Bodies by question, each computed by one request at a time and kept for a moment."""

    def __init__(self, *, lifetime_seconds: float = _SHARED_LIFETIME_SECONDS) -> None:
        self._lifetime = lifetime_seconds
        self._known: dict[str, _Known] = {}

    async def get(self, question: str, compute: Callable[[], Awaitable[BaseModel]]) -> Body:
        """The body for a question; a computation that fails is forgotten, not kept."""
        known = self._known.get(question)
        if known is None or known.is_over():
            self._forget_old()
            known = _Known(asyncio.create_task(body_after(compute)))
            self._known[question] = known
            known.task.add_done_callback(lambda _: known.keep_for(self._lifetime))
        # Shielded: the viewer who asked first may leave while others still wait.
        return await asyncio.shield(known.task)

    def _forget_old(self) -> None:
        for question, known in list(self._known.items()):
            if known.is_over() or (known.task.done() and len(self._known) >= _SHARED_LIMIT):
                del self._known[question]


class _Known:
    """A computation that runs, or its outcome until `until`."""

    def __init__(self, task: asyncio.Task[Body]) -> None:
        self.task = task
        self.began = time.monotonic()
        self.until = math.inf

    def keep_for(self, lifetime: float) -> None:
        """Ten times as long as it took, so that computing never costs more than a tenth."""
        now = time.monotonic()
        self.until = now + max(lifetime, (now - self.began) * 10)

    def is_over(self) -> bool:
        """A running computation is joined however old; a failed one is never handed out again."""
        if not self.task.done():
            return False
        failed = self.task.cancelled() or self.task.exception() is not None
        return failed or self.until < time.monotonic()


async def body_after(compute: Callable[[], Awaitable[BaseModel]]) -> Body:
    """Compute and render; beside the event loop, because a long line takes a while to write."""
    return await asyncio.to_thread(body_of, await compute())
