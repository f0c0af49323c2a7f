"""One HTTP exchange: the bytes that were signed go out as they are, whatever comes back is a value.

HTTP/1.1 with kept-alive connections, certificates always checked, no proxy or certificate from the
environment, no redirects, nothing ever sent twice. A failure tells whether a byte may have left:
that decides between "not executed" and "unknown" (reference: aster 3.3).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx

from adapters.outgoing_http import tls_context, user_agent
from adapters.venues.aster.answers import Answer, NoAnswer
from adapters.venues.aster.endpoints import Access
from adapters.venues.aster.errors import cleaned
from adapters.venues.aster.networks import VenueAddress
from adapters.venues.aster.redaction import redact_request_log
from adapters.venues.leaving import require_in_time

_MOST_BYTES = 32 * 1024 * 1024
"""exchangeInfo of a few hundred symbols is under 2 MB; more than this is no answer."""
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds. A stop has to be confirmed within ten of its entry's fill (rules: section 4)."""

    connect: float = 3.0
    idle: float = 5.0
    """Between two pieces of an answer."""
    total: float = 8.0
    """From the first attempt to connect to the last byte."""
    keep_alive: float = 15.0
    """An idle connection is not used again after that: the venue may just be closing it, and a write
    that meets the closing is lost without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """What goes out, byte for byte; it shows its method and path only."""

    method: str
    path: str
    """With `/fapi`, without the query."""
    text: str = field(repr=False)
    """Parameters as they were signed: the query of a GET, the form body of everything else."""
    headers: dict[str, str] = field(repr=False, default_factory=dict[str, str])
    access: Access = Access.OPEN
    """For a library that signs by itself, and gets the text unsigned: what it has to prove."""


class HttpTransport:
    """The connections of one account to one host."""

    def __init__(self, address: VenueAddress, timeouts: Timeouts) -> None:
        redact_request_log()
        self._address = address
        self._timeouts = timeouts
        self._http = httpx.AsyncClient(
            verify=tls_context(),
            trust_env=False,
            follow_redirects=False,
            http2=False,
            timeout=httpx.Timeout(timeouts.idle, connect=timeouts.connect, pool=timeouts.connect),
            limits=httpx.Limits(
                max_connections=10,
                max_keepalive_connections=4,
                keepalive_expiry=timeouts.keep_alive,
            ),
            headers={"user-agent": user_agent(), "accept": "application/json"},
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def exchange(self, request: SignedRequest) -> Answer | NoAnswer:
        """Send once. Never raises for what the network does."""
        written = _Written(is_write=request.method != "GET")
        try:
            async with asyncio.timeout(self._timeouts.total):
                return await self._exchange(request, written)
        except TimeoutError:
            reason = f"no whole answer within {self._timeouts.total:g} s"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            reason = f"{type(error).__name__} {cleaned(str(error))}".strip()
        return NoAnswer(was_written=written.is_any, reason=reason)

    async def _exchange(self, request: SignedRequest, written: _Written) -> Answer | NoAnswer:
        message = self._message(request, written)
        answer = await self._http.send(message, stream=True)
        try:
            body = bytearray()
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > _MOST_BYTES:
                    return NoAnswer(was_written=True, reason=f"more than {_MOST_BYTES} bytes")
        finally:
            await answer.aclose()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(status=answer.status_code, headers=headers, body=bytes(body))

    def _message(self, request: SignedRequest, written: _Written) -> httpx.Request:
        is_get = request.method == "GET"
        target = f"{request.path}?{request.text}" if is_get and request.text else request.path
        url = httpx.URL(
            scheme=self._address.scheme,
            host=self._address.host,
            port=self._address.port,
            raw_path=target.encode("ascii"),
        )
        message = self._http.build_request(
            request.method,
            url,
            content=None if is_get else request.text.encode("ascii"),
            headers=request.headers if is_get else {**request.headers, "content-type": _FORM},
            extensions={"trace": written.trace},
        )
        if message.url.raw_path != target.encode("ascii"):
            # Nothing was sent. Re-encoded parameters would no longer be those that were signed.
            raise httpx.InvalidURL("the address would not be sent as it was signed")
        return message


@dataclass(slots=True)
class _Written:
    """Whether the connection began to write the request."""

    is_write: bool
    is_any: bool = False

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """Called by httpcore at each step of a request."""
        del info
        if event.endswith("send_request_headers.started"):
            if self.is_write:
                require_in_time()
            self.is_any = True
