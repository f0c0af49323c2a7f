"""Lets many runs write to Prefect's SQLite database: a plugin for the engine of Prefect's server.

SQLite has one writer. Prefect 3.8 gives its engine 15 connections; when a burst has all of them
waiting for the writer, and the writer needs a second connection to go on, nothing moves for a
minute and the server answers "database is locked" (seen with a hundred accounts). Besides, SQLite's
waiters sleep up to 100 ms between tries, so that the database idles while everybody waits.

Here the connections are not limited, and writers queue in the server's own loop, first come first
served. SQLAlchemy finds the plugin by the name in the database URL; all of it is public interface.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, CreateEnginePlugin, Engine, event

if TYPE_CHECKING:
    from sqlalchemy.pool import ConnectionPoolEntry

PLUGIN = "perpflow_sqlite"
"""Entry point in the group `sqlalchemy.plugins`; `?plugin=` in the URL."""
_KEPT_CONNECTIONS = 10
_PATIENCE_SECONDS = 30.0
"""After this long a writer goes on without its turn, and SQLite itself decides."""

_my_turn: ContextVar[object | None] = ContextVar("_my_turn", default=None)


class QueueForWriting(CreateEnginePlugin):
    """One turn for each writing transaction."""

    def __init__(self, url: URL, kwargs: dict[str, Any]) -> None:
        """Called by SQLAlchemy before the engine is made."""
        super().__init__(url, kwargs)
        kwargs["pool_size"] = _KEPT_CONNECTIONS
        kwargs["max_overflow"] = -1
        self._lock = asyncio.Lock()
        self._turn: object | None = None
        self._holder: ConnectionPoolEntry | None = None

    def update_url(self, url: URL) -> URL:
        """The URL as the dialect understands it."""
        return url.difference_update_query(["plugin"])

    def engine_created(self, engine: Engine) -> None:
        """Take a turn at the beginning of a transaction, hand it on when its connection rests."""
        event.listen(engine, "before_cursor_execute", self._before_execute, retval=True)
        for name in ("checkin", "invalidate", "close", "detach"):
            event.listen(engine, name, self._let_go)

    def _before_execute(
        self,
        connection: Any,
        _cursor: Any,
        statement: str,
        parameters: Any,
        _context: Any,
        _many: bool,  # noqa: FBT001 - SQLAlchemy's signature
    ) -> tuple[str, Any]:
        # What a writer opens beside its transaction, itself or in a task of its own, is for reading.
        is_beside = self._turn is not None and _my_turn.get() is self._turn
        if not statement.startswith("BEGIN") or is_beside:
            return statement, parameters
        self._wait_for_turn(connection.connection)
        # A transaction that reads first and writes later fails at once, without waiting, when
        # another one wrote in between. Prefect opens transactions only where it means to write.
        return "BEGIN IMMEDIATE", parameters

    def _wait_for_turn(self, connection: Any) -> None:
        with suppress(TimeoutError):
            connection.dbapi_connection.run_async(
                lambda _driver: asyncio.wait_for(self._lock.acquire(), _PATIENCE_SECONDS)
            )
            self._turn = object()
            _my_turn.set(self._turn)
            self._holder = connection._connection_record

    def _let_go(self, _dbapi_connection: Any, entry: ConnectionPoolEntry, *_reason: Any) -> None:
        if self._holder is entry:
            self._holder = self._turn = None
            self._lock.release()
