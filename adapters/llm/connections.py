"""The connections of one event loop, and the SDK on top of them.

All accounts of a loop share one pool; each has an SDK client of its own, which never sees its key: the
key and the headers are put on a request at the last step, below the SDK, and nothing but those headers
leaves the house. An answer is read up to a limit and no further, whatever its status. No proxy, header
or address comes from the environment, nothing is redirected, certificates are always checked.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any, Self

import openai

from adapters.llm.endpoint import ModelEndpoint
from adapters.llm.redaction import Redactor
from adapters.outgoing_http import tls_context, user_agent

_http: Any = sys.modules[openai.DefaultAsyncHttpxClient.__base__.__module__.partition(".")[0]]
"""The HTTP library that the installed SDK is built on: httpx until its version 2, httpx2 after."""
RAW: type[Any] = _http.Response
"""What the SDK hands out as it came, unparsed."""
TRANSPORT_ERRORS: tuple[type[Exception], ...] = (
    _http.HTTPError,
    _http.StreamError,
    _http.InvalidURL,
)
"""What may come up while a body is read; the SDK wraps only what happens before."""
_KEPT = (b"host", b"content-type", b"content-length", b"transfer-encoding", b"accept")
_NO_KEY = "set-below-the-sdk"
_MOST_CONNECTIONS = 200


class Connections:
    """An asynchronous context manager: opened in a loop, used in that loop, closed with it."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pool: Any = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        limits = _http.Limits(
            max_connections=_MOST_CONNECTIONS,
            max_keepalive_connections=20,
            keepalive_expiry=15.0,
        )
        self._pool = _http.AsyncHTTPTransport(
            verify=tls_context(), trust_env=False, http2=False, retries=0, limits=limits
        )
        await self._pool.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.aclose()

    def sdk(self, endpoint: ModelEndpoint, most_bytes: int) -> openai.AsyncOpenAI:
        """An SDK client for one account; there is nothing to close about it."""
        Redactor(endpoint.key).guard_logs()
        return openai.AsyncOpenAI(
            api_key=_NO_KEY,
            base_url=endpoint.base_url,
            max_retries=0,
            http_client=openai.DefaultAsyncHttpxClient(
                transport=_LastStep(self, endpoint, most_bytes),
                trust_env=False,
                follow_redirects=False,
            ),
        )

    def require_pool(self) -> Any:
        """The pool, for a request of the loop that it belongs to.

        Raises
        ------
        RuntimeError
            The connections are closed, or belong to another event loop.
        """
        if self._pool is None or self._loop is not asyncio.get_running_loop():
            raise RuntimeError(
                "model connections are used outside of `async with Connections()`, or in another"
                " event loop than theirs; open them where they are used"
            )
        return self._pool


class _LastStep(_http.AsyncBaseTransport):
    """Puts the account's headers on a request, and a limit on its answer."""

    def __init__(self, connections: Connections, endpoint: ModelEndpoint, most_bytes: int) -> None:
        self._connections = connections
        self._endpoint = endpoint
        self._most_bytes = most_bytes

    async def handle_async_request(self, request: Any) -> Any:
        # A request of our own: the SDK's exceptions keep theirs, and that one holds no key.
        answer = await self._connections.require_pool().handle_async_request(
            _http.Request(
                request.method,
                request.url,
                headers=_kept(request.headers.raw) + _own(self._endpoint),
                stream=request.stream,
                extensions=request.extensions,
            )
        )
        return _http.Response(
            answer.status_code,
            headers=[
                (name, value)
                for name, value in answer.headers.raw
                # Compressed though that was not asked for: left packed, or the limit would not hold.
                if name.lower() != b"content-encoding"
            ],
            stream=_Limited(answer.stream, self._most_bytes),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        """Nothing: the pool belongs to the loop."""


class _Limited(_http.AsyncByteStream):
    """Ends one byte beyond the limit, so that whoever reads can tell."""

    def __init__(self, stream: Any, most_bytes: int) -> None:
        self._stream = stream
        self._left = most_bytes + 1

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            yield piece[: self._left]
            self._left -= len(piece)
            if self._left <= 0:
                return

    async def aclose(self) -> None:
        await self._stream.aclose()


def timeouts(connect_seconds: float, whole_seconds: float) -> Any:
    """For the SDK. The whole is limited once more by whoever waits: these limit single steps only."""
    return openai.Timeout(whole_seconds, connect=connect_seconds, pool=connect_seconds)


def is_before_sending(error: BaseException | None) -> bool:
    """Whether the connection failed before anything of the request could have left."""
    return isinstance(error, _http.ConnectError | _http.ConnectTimeout | _http.PoolTimeout)


def _kept(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Not the SDK's: they tell of the machine, and some come from the environment."""
    return [(name, value) for name, value in headers if name.lower() in _KEPT]


def _own(endpoint: ModelEndpoint) -> list[tuple[bytes, bytes]]:
    own = {
        "User-Agent": user_agent(),
        # A compressed answer could be a thousand times its size on the wire.
        "Accept-Encoding": "identity",
        "HTTP-Referer": endpoint.referer if endpoint.is_openrouter else None,
        "X-Title": endpoint.app_title if endpoint.is_openrouter else None,
        "Authorization": None
        if endpoint.key is None
        else f"Bearer {endpoint.key.get_secret_value()}",
    }
    return [(name.encode(), value.encode()) for name, value in own.items() if value is not None]
