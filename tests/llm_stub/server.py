"""A running stub: uvicorn in a thread of its own, and the handle of the test that started it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.llm_stub.application import application, protocol
from tests.llm_stub.desk import Answering, Asked, Desk
from tests.llm_stub.says import Say
from tests.threaded_server import ThreadedServer, running_in_thread


class Server(ThreadedServer):
    """The stub; its `desk` may be exchanged."""

    path = "/v1"

    def __init__(self, desk: Desk, *, host: str = "127.0.0.1", port: int = 0, **tls: Any) -> None:
        transports: dict[tuple[str, int], asyncio.Transport] = {}
        super().__init__(
            application(lambda: self.desk, transports),
            host=host,
            port=port,
            http=protocol(lambda: self.desk, transports),
            **tls,
        )
        self.desk = desk


@dataclass(slots=True)
class ModelStub:
    """The handle."""

    desk: Desk
    url: str
    """Base of the API, `http://127.0.0.1:port/v1`."""

    @property
    def site(self) -> str:
        """Where the web site is: `http://127.0.0.1:port`."""
        return self.url.removesuffix("/v1")

    @property
    def asked(self) -> list[Asked]:
        """Every request so far."""
        with self.desk.lock:
            return list(self.desk.asked)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """What they said."""
        return [dict(each.body) for each in self.asked]

    def script(self, model: str, *says: Say) -> None:
        """These answers, in this order."""
        self.desk.script(model, *says)

    def answer_with(self, answering: Answering) -> None:
        """What to say where no script has an answer left."""
        with self.desk.lock:
            self.desk.otherwise = answering

    def refuse(self, model: str, *parameters: str) -> None:
        """A 400 that names them, whenever one is sent; `json_schema` and `json_object` are shapes."""
        with self.desk.lock:
            self.desk.refused.setdefault(model, set()).update(parameters)

    def retire(self, model: str) -> None:
        """There is no such model any more."""
        with self.desk.lock:
            self.desk.unknown.add(model)

    def let_in(self, key: str) -> None:
        """Only keys that were let in are served from now on."""
        self.desk.let_in(key)

    def refuse_connections(self, count: int) -> None:
        """So many are ended before a byte is read."""
        with self.desk.lock:
            self.desk.refuse_connections = count

    @property
    def connections(self) -> int:
        """Open ones."""
        with self.desk.lock:
            return self.desk.connections


@contextmanager
def running_server(desk: Desk, **tls: Any) -> Iterator[Server]:
    """A server on a free port of loopback until the block ends; its `desk` may be exchanged."""
    with running_in_thread(Server(desk, **tls), "llm-stub") as server:
        yield server


@contextmanager
def running_stub(desk: Desk | None = None, **tls: Any) -> Iterator[ModelStub]:
    """A stub with a server of its own."""
    desk = desk or Desk()
    with running_server(desk, **tls) as server:
        yield ModelStub(desk, server.url)
