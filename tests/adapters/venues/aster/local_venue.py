"""A small Aster on loopback: real sockets, signatures checked on the raw bytes by other libraries.

It keeps every request as it came, executes orders into a ledger of its own, and can be told to fail
at a path: before or after it has executed. It is no exchange: nothing is matched here.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tests.adapters.venues.aster.documented import DOCUMENTED
from tests.adapters.venues.aster.ethereum_oracle import Account, encode_typed_data, typed_data

NONCE_WINDOW_MICROSECONDS = 60_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request, byte for byte."""

    method: str
    path: str
    query: str
    body: str
    headers: dict[str, str]

    @property
    def text(self) -> str:
        return self.query or self.body

    @property
    def parameters(self) -> dict[str, str]:
        return dict(parse_qsl(self.text, keep_blank_values=True))


@dataclass(slots=True, kw_only=True)
class Fault:
    """What happens to the next requests of a path."""

    path: str
    """End of the path, e.g. `order`."""
    execute: bool = False
    """The request has its effect before the fault."""
    status: int | None = None
    body: str | None = None
    """Instead of the true answer."""
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    """The connection ends without an answer."""
    cut: int | None = None
    """The connection ends after that many bytes of the body."""
    delay: float = 0.0
    trickle: float = 0.0
    """Seconds between the single bytes of the answer."""
    times: int = 1
    method: str | None = None


class Refusal(Exception):
    def __init__(self, code: int, text: str, status: int = 400) -> None:
        super().__init__(code, text)
        self.status, self.document = status, {"code": code, "msg": text}


@dataclass(slots=True)
class LocalVenue:
    """The server and what it has seen."""

    chain_id: int = 714
    signers: dict[str, str] = field(default_factory=dict)
    """Address of each signer (small letters) and its user."""
    pairs: dict[str, str] = field(default_factory=dict)
    """V1 keys and their secrets."""
    ahead_ms: int = 0
    """How far the venue's clock is ahead of ours."""
    headers: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    answers: dict[tuple[str, str], Any] = field(default_factory=dict)
    """By method and end of the path: a document, or a function of the parameters."""
    requests: list[Received] = field(default_factory=list)
    executed: list[dict[str, str]] = field(default_factory=list)
    """Parameters of every order that was accepted, in order."""
    has_executed: asyncio.Event = field(default_factory=asyncio.Event)
    connections: int = 0
    nonces: dict[str, deque[int]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=100))
    )
    url: str = ""
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        assert self._server
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()

    def sent_to(self, path: str, method: str | None = None) -> list[Received]:
        return [
            each
            for each in self.requests
            if each.path.endswith("/" + path) and method in (None, each.method)
        ]

    def fail(self, path: str, **how: Any) -> None:
        self.faults.append(Fault(path=path, **how))

    @property
    def now_us(self) -> int:
        return time.time_ns() // 1000 + self.ahead_ms * 1000

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while (request := await _read(reader)) is not None:
                self.requests.append(request)
                if not await self._answer(request, writer):
                    break
        except ConnectionError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, request: Received, writer: asyncio.StreamWriter) -> bool:
        fault = self._fault_for(request)
        status, document = 200, None
        if fault is None or fault.execute or (fault.status is None and not fault.drop):
            status, document = self._carried_out(request)
        body = json.dumps(document)
        if fault is not None:
            await asyncio.sleep(fault.delay)
            if fault.drop:
                return False
            status = fault.status or status
            body = body if fault.body is None else fault.body
        extra = {**self.headers, **(fault.headers if fault else {})}
        await _write(writer, status, body, extra, fault)
        return fault is None or fault.cut is None

    def _fault_for(self, request: Received) -> Fault | None:
        for fault in self.faults:
            if request.path.endswith("/" + fault.path) and fault.method in (None, request.method):
                fault.times -= 1
                if fault.times == 0:
                    self.faults.remove(fault)
                return fault
        return None

    def _carried_out(self, request: Received) -> tuple[int, Any]:
        try:
            self._authorise(request)
            return 200, self._document(request)
        except Refusal as refusal:
            return refusal.status, refusal.document

    def _document(self, request: Received) -> Any:
        for (method, path), answer in {**DOCUMENTED, **self.answers}.items():
            if method == request.method and request.path.endswith("/" + path):
                return answer(request.parameters) if callable(answer) else answer
        leaf = request.path.rsplit("/", 1)[-1]
        known: dict[tuple[str, str], Callable[[dict[str, str]], Any]] = {
            ("GET", "time"): lambda _: {"serverTime": self.now_us // 1000},
            ("POST", "order"): self._place,
            ("GET", "order"): self._look_up,
            ("DELETE", "order"): self._cancel,
        }
        if (request.method, leaf) not in known:
            raise Refusal(-5000, f"no such path {request.method} {request.path}", 404)
        return known[request.method, leaf](request.parameters)

    def _place(self, parameters: dict[str, str]) -> dict[str, Any]:
        self.executed.append(parameters)
        self.has_executed.set()
        return _order(len(self.executed), parameters)

    def _look_up(self, parameters: dict[str, str]) -> dict[str, Any]:
        for number, order in enumerate(self.executed, start=1):
            if order["newClientOrderId"] == parameters.get("origClientOrderId"):
                return _order(number, order)
        raise Refusal(-2013, "Order does not exist.")

    def _cancel(self, parameters: dict[str, str]) -> dict[str, Any]:
        try:
            return {**self._look_up(parameters), "status": "CANCELED"}
        except Refusal:
            raise Refusal(-2011, "Unknown order sent.") from None

    def _authorise(self, request: Received) -> None:
        if request.parameters.get("nonce"):
            self._check_wallet(request)
        elif "x-mbx-apikey" in request.headers:
            self._check_pair(request)

    def _check_wallet(self, request: Received) -> None:
        message, mark, signature = request.text.rpartition("&signature=")
        if not mark or (request.query and request.body):
            raise Refusal(-1000, "Signature check failed")
        fields = request.parameters
        found = Account.recover_message(
            encode_typed_data(full_message=typed_data(message, self.chain_id)), signature=signature
        )
        if found.lower() not in self.signers:
            raise Refusal(-1000, "No agent found")
        if found.lower() != fields["signer"].lower():
            raise Refusal(-1000, "Signature check failed")
        self._check_nonce(found.lower(), int(fields["nonce"]))

    def _check_nonce(self, signer: str, nonce: int) -> None:
        used = self.nonces[signer]
        is_full = len(used) == used.maxlen
        if (
            abs(nonce - self.now_us) > NONCE_WINDOW_MICROSECONDS
            or nonce in used
            or (is_full and nonce < min(used))
        ):
            raise Refusal(-4225, "Nonce Expired")
        used.append(nonce)

    def _check_pair(self, request: Received) -> None:
        secret = self.pairs.get(request.headers["x-mbx-apikey"])
        if secret is None:
            raise Refusal(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        if request.path.endswith("/listenKey"):
            return
        total = request.query + request.body
        payload, _, signature = total.rpartition("&signature=")
        if hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest() != signature:
            raise Refusal(-1022, "Signature for this request is not valid.")
        behind = self.now_us // 1000 - int(request.parameters["timestamp"])
        if not -1000 < behind <= int(request.parameters["recvWindow"]):
            raise Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")


def _order(number: int, parameters: dict[str, str]) -> dict[str, Any]:
    is_filled = parameters["type"] == "MARKET"
    return {
        "orderId": number,
        "clientOrderId": parameters["newClientOrderId"],
        "symbol": parameters["symbol"],
        "status": "FILLED" if is_filled else "NEW",
        "side": parameters["side"],
        "type": parameters["type"],
        "origType": parameters["type"],
        "positionSide": "BOTH",
        "timeInForce": parameters.get("timeInForce", "GTC"),
        "price": parameters.get("price", "0"),
        "avgPrice": "60000.10" if is_filled else "0.00000",
        "origQty": parameters.get("quantity", "0"),
        "executedQty": parameters.get("quantity", "0") if is_filled else "0",
        "cumQuote": "0",
        "stopPrice": parameters.get("stopPrice", "0"),
        "reduceOnly": parameters.get("reduceOnly") == "true",
        "closePosition": parameters.get("closePosition") == "true",
        "updateTime": 1_700_000_000_000 + number,
        "newChainData": {"hash": "0x" + "0" * 8},
    }


async def _read(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {
        name.lower(): value.strip() for name, _, value in (li.partition(":") for li in lines)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    path, _, query = target.partition("?")
    return Received(method=method, path=path, query=query, body=body.decode(), headers=headers)


async def _write(
    writer: asyncio.StreamWriter,
    status: int,
    body: str,
    headers: dict[str, str],
    fault: Fault | None,
) -> None:
    raw = body.encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(raw)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    if fault is not None and fault.cut is not None:
        raw = raw[: fault.cut]
    if fault is not None and fault.trickle:
        for byte in raw:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(fault.trickle)
    else:
        writer.write(raw)
    await writer.drain()
