"""V1 requests carried by the venue's own library, `aster-connector-python`, when an account asks for it.

The library signs by itself, with this machine's clock, and blocks: it runs in threads, always with
time limits, and is loaded here only. Its own errors lose headers and bodies, so the answer is taken
from the HTTP library below it, as it came; the rules of answers.py then hold as for our own client.
"""

from __future__ import annotations

import asyncio
import importlib
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from adapters.venues.aster.answers import Answer, NoAnswer
from adapters.venues.aster.credentials import Credentials, KeyRefused, PairCredentials
from adapters.venues.aster.endpoints import Access, Endpoint
from adapters.venues.aster.errors import cleaned
from adapters.venues.aster.networks import VenueAddress
from adapters.venues.aster.redaction import redact_request_log, silence_root_log_of
from adapters.venues.aster.signers import RECEIVE_WINDOW_MS, PairSigner
from adapters.venues.aster.signing import Parameters, encode
from adapters.venues.aster.transport import SignedRequest, Timeouts
from adapters.venues.leaving import TooLate, require_in_time
from trading.errors import InvalidRecord

CONNECTOR = "connector"
"""What an account says under `asterdex.transport`."""
PACKAGE = (
    "aster-connector-python @ git+https://github.com/asterdex/aster-connector-python"
    "@4d1829b551e15483621edd0658c72fc77f37da55"
)
"""The version that was tried: the library is on no package index."""
_MODULE = "aster.rest_api"
_MOST_AT_ONCE = 8


class ConnectorMissing(InvalidRecord):
    """The library was asked for and is not there."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            f"asterdex.transport is {CONNECTOR!r}, but aster-connector-python cannot be used ({cause});"
            f" install it with `uv sync --extra connector` or `pip install '{PACKAGE}'`, or remove"
            " `transport`: our own client does the same and needs nothing"
        )


def connector_for(
    name: str, credentials: Credentials | None, address: VenueAddress, timeouts: Timeouts
) -> tuple[ConnectorSigner, ConnectorTransport]:
    """What stands in the places of signer and transport where an account names a transport.

    Raises
    ------
    InvalidRecord
        There is no transport of that name.
    KeyRefused
        No keys, or V3 keys: the library knows V1 only.
    ConnectorMissing
        The library is not installed.
    """
    if name != CONNECTOR:
        raise InvalidRecord(
            f"asterdex.transport {name!r} is not known; write {CONNECTOR!r}, or remove it to use our"
            " own client"
        )
    if not isinstance(credentials, PairCredentials):
        kind = (
            "there are no keys"
            if credentials is None
            else f"this is a key of V3: {credentials.kind}"
        )
        raise KeyRefused(
            f"asterdex.transport {CONNECTOR!r} carries V1 requests only (api_key and api_secret), and"
            f" {kind}; remove `transport` to use our own client"
        )
    return ConnectorSigner(credentials=credentials), ConnectorTransport(
        credentials, address, timeouts
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorSigner:
    """Leaves timestamp, key and signature to the library."""

    credentials: PairCredentials

    def path_of(self, endpoint: Endpoint) -> str:
        """The path of V1; raises `KeyRefused` when the call has none."""
        return PairSigner(credentials=self.credentials).path_of(endpoint)

    async def signed(
        self, endpoint: Endpoint, parameters: Parameters, venue_now_us: int
    ) -> SignedRequest:
        """The parameters as they are; what has to be proved goes with them as a word."""
        del venue_now_us
        terms = list(parameters)
        if endpoint.access is Access.SIGNED:
            terms.append(("recvWindow", str(RECEIVE_WINDOW_MS)))
        return SignedRequest(
            method=endpoint.method,
            path=self.path_of(endpoint),
            text=encode(terms),
            access=endpoint.access,
        )


class ConnectorTransport:
    """One client of the library, for one account at one host."""

    def __init__(
        self, credentials: PairCredentials, address: VenueAddress, timeouts: Timeouts
    ) -> None:
        self._timeouts = timeouts
        self._client = _client_of(credentials, address, timeouts)
        self._client.session.hooks["response"].append(self._hear)
        self._threads = ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="aster-connector")
        self._heard = threading.local()
        self._used_at = time.monotonic()

    async def aclose(self) -> None:
        """Close the connections; a request that is under way ends by its time limit."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.session.close()

    async def exchange(self, request: SignedRequest) -> Answer | NoAnswer:
        """Send once. Never raises for what the network does."""
        errand = _Errand()
        loop = asyncio.get_running_loop()
        try:
            if request.method != "GET":
                require_in_time()
        except TooLate as error:
            return NoAnswer(was_written=False, reason=str(error))
        try:
            async with asyncio.timeout(self._timeouts.total):
                return await loop.run_in_executor(self._threads, self._carry, request, errand)
        except TimeoutError:
            reason = f"no whole answer within {self._timeouts.total:g} s"
        finally:
            has_begun = errand.give_up()
        return NoAnswer(was_written=has_begun, reason=reason)

    def _carry(self, request: SignedRequest, errand: _Errand) -> Answer | NoAnswer:
        """In a thread: one call of the library."""
        if not errand.begin():
            return NoAnswer(was_written=False, reason="given up before it was sent")
        self._heard.answer = None
        failure: NoAnswer | None = None
        try:
            self._send(request)
        except Exception as error:  # noqa: BLE001 - the library may raise anything, also of its own
            failure = no_answer_of(error)
        answer: Answer | None = self._heard.answer
        if answer is not None:
            return answer
        return failure or NoAnswer(was_written=True, reason="the library has shown no answer")

    def _send(self, request: SignedRequest) -> None:
        now, session = time.monotonic(), self._client.session
        if now - self._used_at > self._timeouts.keep_alive:
            session.close()  # idle connections, which the venue may just be closing
        self._used_at = now
        # Texts only: of anything else the library would make Python's own spelling.
        payload = dict(parse_qsl(request.text, keep_blank_values=True))
        send = {
            Access.OPEN: self._client.send_request,
            Access.STREAM: self._client.limit_request,
            Access.SIGNED: self._client.sign_request,
        }[request.access]
        send(request.method, request.path, payload)

    def _hear(self, response: Any, *_: Any, **__: Any) -> None:
        """Called by the HTTP library with every answer, before the connector looks at it."""
        self._heard.answer = Answer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=response.content,
        )


@dataclass(slots=True)
class _Errand:
    """Whether a request was begun or given up: never both, whatever thread comes first."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _has_begun: bool = False
    _is_given_up: bool = False

    def begin(self) -> bool:
        """False when nobody waits any more; then nothing may be sent."""
        with self._lock:
            self._has_begun = not self._is_given_up
            return self._has_begun

    def give_up(self) -> bool:
        """Says whether it had begun: then something may have been sent."""
        with self._lock:
            self._is_given_up = True
            return self._has_begun


def no_answer_of(error: Exception) -> NoAnswer:
    """What an error of the HTTP library means; only a connection that never stood sent nothing."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    cause = error.args[0] if error.args else error
    cause = getattr(cause, "reason", cause)
    inner = cause.args[0] if isinstance(cause, Exception) and cause.args else None
    was_sent = not (
        isinstance(cause, ConnectTimeoutError | NewConnectionError)
        or isinstance(inner, ssl.SSLCertVerificationError)
    )
    reason = f"{type(error).__name__} {cleaned(str(cause))}".strip()
    return NoAnswer(was_written=was_sent, reason=reason)


def _client_of(credentials: PairCredentials, address: VenueAddress, timeouts: Timeouts) -> Any:
    """The library's client, with its habits put right: limits of time, nothing from the environment."""
    module = _loaded()
    client = module.Client(
        credentials.api_key.get_secret_value(),
        credentials.secret.get_secret_value(),
        base_url=f"{address.scheme}://{address.place}",
        timeout=(timeouts.connect, timeouts.idle),
    )
    client.session.trust_env = False
    client.session.max_redirects = 0  # a write must not be sent again to somewhere else
    redact_request_log("urllib3.connectionpool")
    silence_root_log_of(str(Path(module.__file__ or "").parents[1]))
    return client


def _loaded() -> Any:
    try:
        module = importlib.import_module(_MODULE)
    except ImportError as error:
        raise ConnectorMissing(f"{type(error).__name__}: {error}") from None
    if not hasattr(getattr(module, "Client", None), "sign_request"):
        raise ConnectorMissing("the package `aster` that is installed is another one")
    return module
