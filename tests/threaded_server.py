"""uvicorn in a thread of the test process: what the sandbox of the venue and the model stub stand on."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import uvicorn

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0


class ThreadedServer(uvicorn.Server):
    """uvicorn that tells where it listens."""

    path = ""
    """Behind host and port in the address of the API."""

    def __init__(self, application: Any, *, host: str, port: int, **more: Any) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                host=host,
                port=port,
                log_level="warning",
                lifespan="off",
                timeout_graceful_shutdown=1,
                **more,
            )
        )
        self.is_listening = threading.Event()
        self.bound_port = port
        self.when_listening: Callable[[], None] = lambda: None

    @property
    def url(self) -> str:
        """Base of the API, e.g. `http://127.0.0.1:port`."""
        scheme = "https" if self.config.is_ssl else "http"
        return f"{scheme}://{self.config.host}:{self.bound_port}{self.path}"

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.servers:
            self.bound_port = self.servers[0].sockets[0].getsockname()[1]
            self.when_listening()
        self.is_listening.set()


Running = TypeVar("Running", bound=ThreadedServer)


@contextmanager
def running_in_thread(server: Running, name: str) -> Iterator[Running]:
    """The server until the block ends. Raises `RuntimeError` where it does not start."""
    thread = threading.Thread(target=server.run, name=name, daemon=True)
    thread.start()
    if not server.is_listening.wait(_START_SECONDS) or not server.started:
        raise RuntimeError(f"the {name} did not start; its thread has said why")
    try:
        yield server
    finally:
        server.should_exit = True
        thread.join(_STOP_SECONDS)
