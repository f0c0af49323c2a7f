"""The database as the supervising process sees it: started or reached, kept alive, noted alive in.

The embedded server keeps its port and passwords over a restart, so that everybody reconnects. A
database that was given by its address is somebody else's to keep; we only say when it is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from adapters.store.arena import Arena, touch_arena
from adapters.store.embedded.errors import ServerError
from adapters.store.embedded.server import EmbeddedServer
from adapters.store.engine import open_engine
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.up.keeper import NotStarted
from cli.up.logs import last_lines
from cli.up.parts import describe_exit
from cli.up.place import ArenaPlace

APPLICATION = "perpflow-up"


@dataclass(slots=True, kw_only=True)
class Database:
    """A database that runs."""

    url: str
    engine: Engine
    server: EmbeddedServer | None
    """Ours to stop; None for a database that was given."""

    def close(self) -> None:
        """Let go of the connections, and stop the server if it is ours."""
        self.engine.dispose()
        if self.server is None:
            return
        if self.server.lives() and not self.server.answers():
            self.server.end_remains()  # it would not hear a polite request either
        self.server.down()

    def move(self, url: str) -> None:
        """Go on at another address."""
        self.engine.dispose()
        self.url, self.engine = url, _open(url)


def start_database(place: ArenaPlace) -> Database:
    """Start or adopt the embedded server, or take the given address. Raises `CommandFailed`."""
    given = place.settings.database_url
    if given is not None:
        url = given.get_secret_value()
        return Database(url=url, engine=_open(url), server=None)
    server = EmbeddedServer(place.home)
    try:
        url = server.up()
    except ServerError as error:
        raise CommandFailed(ExitCode.UNREACHABLE, f"the embedded database: {error}") from None
    return Database(url=url, engine=_open(url), server=server)


def note_alive(database: Database, arena: Arena) -> None:
    """Write down the market time up to which the arena has run."""
    with database.engine.begin() as conn:
        touch_arena(conn, arena.clock.market_at(datetime.now(UTC)))


class KeptDatabase:
    """The embedded server as a part to be kept alive."""

    name = "postgres"

    def __init__(self, database: Database, moved: Callable[[], None]) -> None:
        """`moved` is called when the server had to take another port."""
        assert database.server is not None  # noqa: S101 - a given database is not kept
        self._database = database
        self._server = database.server
        self._moved = moved

    @property
    def log(self) -> Path:
        return self._server.log

    @property
    def pid(self) -> int | None:
        return self._server.pid

    async def start(self) -> None:
        """Start it again, its log replayed. Raises `NotStarted`."""
        starting = asyncio.ensure_future(asyncio.to_thread(self._server.up))
        try:
            url = await asyncio.shield(starting)
        except asyncio.CancelledError:
            # The thread cannot be interrupted: wait, so that the stop finds what it started.
            await asyncio.wait({starting})
            raise
        except ServerError as error:
            raise NotStarted(str(error)) from error
        if url != self._database.url:
            self._database.move(url)
            self._moved()

    def ending(self) -> str | None:
        if self._server.lives():
            return None
        status = self._server.exit_status
        return "has ended" if status is None else describe_exit(status)

    async def is_well(self) -> bool | None:
        try:
            return await asyncio.to_thread(self._server.answers)
        except ServerError:
            return False

    async def clear(self) -> None:
        """End a server that hangs, and the backends of a postmaster that died."""
        try:
            await asyncio.to_thread(self._server.end_remains)
        except ServerError:
            return  # somebody else starts or stops it; the next start says so

    async def prepare_again(self) -> None:
        return

    def last_lines(self) -> str:
        return "\n".join(last_lines(self.log, 15))


def _open(url: str) -> Engine:
    return open_engine(url, application=APPLICATION, pool_size=2)
