"""Who may read: this machine's own browser without a token, everybody else with one.

"This machine" means a loopback client that no proxy forwarded and that asked for a loopback name:
a web page that rebinds its DNS name to 127.0.0.1 carries its own name in `Host`, and a reverse
proxy carries `X-Forwarded-For`; both need a token. One list says what is open to all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from time import monotonic

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from adapters.loopback import is_loopback
from api.problem_details import CATALOGUE, Problem, problem_response

COOKIE = "pf_session"
OPEN_PATHS = frozenset({"/", "/health", "/api/v1/health", "/api/v1/session"})
OPEN_PREFIXES = ("/static/", "/vendor/", "/problems/")
"""Frames and code without any figure; a page must load before it can ask for the token."""
MAX_BODY_BYTES = 64 * 1024
FAILURES_PER_MINUTE = 10
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_REMEMBERED_CLIENTS = 4_096

TokenCheck = Callable[[str], Awaitable[bool]]


class FailureCount:
    """Refused tokens per client address in the last minute, for a bounded number of clients."""

    def __init__(self) -> None:
        self._failures: dict[str, deque[float]] = {}

    def is_blocked(self, client: str) -> bool:
        return len(self._recent(client)) >= FAILURES_PER_MINUTE

    def add(self, client: str) -> None:
        if client not in self._failures and len(self._failures) >= _REMEMBERED_CLIENTS:
            self._failures.pop(next(iter(self._failures)))
        self._failures.setdefault(client, deque(maxlen=FAILURES_PER_MINUTE)).append(monotonic())

    def _recent(self, client: str) -> deque[float]:
        times = self._failures.get(client, deque())
        while times and times[0] < monotonic() - 60:
            times.popleft()
        return times


def is_own_machine(scope: Scope) -> bool:
    """Whether the request comes from this machine, for this machine, through nobody."""
    headers = Headers(scope=scope)
    if any(name in headers for name in _FORWARDED):
        return False
    client = scope.get("client")
    return client is not None and is_loopback(client[0]) and is_loopback(_host_name(headers))


def token_of(scope: Scope) -> str | None:
    """The bearer token, else the session cookie's."""
    headers = Headers(scope=scope)
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return cookie_parser(headers.get("cookie", "")).get(COOKIE) or None


def is_allowed_origin(scope: Scope, allowed: tuple[str, ...]) -> bool:
    """No `Origin` (not a browser), our own host, or one of the exact origins of the settings."""
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    if origin is None or origin in allowed:
        return True
    host = headers.get("host", "")
    return origin in (f"http://{host}", f"https://{host}")


class Access:
    """Lets a request through, or answers it with 401, 403, 411, 413 or 429."""

    def __init__(self, app: ASGIApp, *, check: TokenCheck, origins: tuple[str, ...]) -> None:
        self._app = app
        self._check = check
        self._origins = origins
        self._failures = FailureCount()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        problem = self._bad_form(scope) or await self._missing_right(scope)
        if problem is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(code=_close_code(problem), reason=problem.code)(
                scope, receive, send
            )
        else:
            await problem_response(scope, problem)(scope, receive, send)

    def _bad_form(self, scope: Scope) -> Problem | None:
        changes = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD", "OPTIONS")
        if changes and not is_allowed_origin(scope, self._origins):
            return _problem("origin_refused")
        if scope["type"] == "http" and changes:
            length = Headers(scope=scope).get("content-length")
            if length is None or not length.isdecimal():
                return _problem("length_required")
            if int(length) > MAX_BODY_BYTES:
                return _problem("body_too_large")
        return None

    async def _missing_right(self, scope: Scope) -> Problem | None:
        path: str = scope["path"]
        is_open = path in OPEN_PATHS or path.startswith(OPEN_PREFIXES)
        client = _client_name(scope)
        if self._failures.is_blocked(client) and (not is_open or path == "/api/v1/session"):
            return _problem("too_many_attempts")
        if is_open:
            scope.setdefault("state", {})["count_failure"] = lambda: self._failures.add(client)
            return None
        token = token_of(scope)
        if token is None:
            return None if is_own_machine(scope) else _problem("token_required")
        if await self._check(token):
            scope.setdefault("state", {})["token"] = token
            return None
        if is_own_machine(scope) and "authorization" not in Headers(scope=scope):
            return None  # an old cookie must not lock this machine's own browser out
        self._failures.add(client)
        return _problem("token_refused")


def _problem(code: str) -> Problem:
    return Problem(code, CATALOGUE[code].remedy)


def _close_code(problem: Problem) -> int:
    return 4403 if problem.code == "origin_refused" else 4401


def _client_name(scope: Scope) -> str:
    client: tuple[str, int] | None = scope.get("client")
    return client[0] if client else "unknown"


def _host_name(headers: Headers) -> str:
    host = headers.get("host", "")
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rsplit(":", 1)[0] if ":" in host else host
