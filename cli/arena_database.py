"""How a command reaches the arena's database, whether the arena runs or not.

A given `DATABASE_URL` is used as it is. The embedded server is used when it runs; when nothing runs
it is started for the command and stopped after it, under the data folder's lock, so that a
`perpflow up` beside it cannot adopt a server that is about to stop.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError

from adapters.store.embedded import EmbeddedServer, ServerError
from adapters.store.engine import open_engine
from adapters.store.errors import StoreError, UnknownAccount
from adapters.store.schema import check_revision
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.up.record import exclusive, is_running

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from adapters.config.settings import Settings

WAIT_SECONDS = 30.0
"""For a server that an arena is just starting."""
_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class ArenaDatabase:
    """A database at this code's revision."""

    url: str
    """With its password: never shown."""
    engine: Engine


@contextmanager
def arena_database(settings: Settings, *, application: str) -> Iterator[ArenaDatabase]:
    """The database for the duration of a command.

    What the store refuses inside the block, and a database that is lost, ends the command too.
    Raises `CommandFailed`.
    """
    with ExitStack() as stack:
        try:
            url = _address(settings, stack)
            engine = open_engine(url, application=application, pool_size=2)
            stack.callback(engine.dispose)
            with engine.connect() as conn:
                check_revision(conn)
            yield ArenaDatabase(url=url, engine=engine)
        except UnknownAccount as error:
            raise CommandFailed(ExitCode.WRONG_USAGE, str(error)) from None
        except StoreError as error:
            raise CommandFailed(ExitCode.REFUSED, str(error)) from None
        except ServerError as error:
            raise CommandFailed(ExitCode.UNREACHABLE, f"the embedded database: {error}") from None
        except OperationalError as error:
            cause = (str(error.orig).strip().splitlines() or ["no reason given"])[0]
            raise CommandFailed(
                ExitCode.UNREACHABLE,
                f"the database cannot be used: {cause}; perpflow doctor names the remedy",
            ) from None


def _address(settings: Settings, stack: ExitStack) -> str:
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    if not (settings.home / "postgres").is_dir():
        raise CommandFailed(
            ExitCode.UNREACHABLE,
            f"no arena has been started in {settings.home}; start one with: perpflow up, "
            "or name its folder with PERPFLOW_HOME",
        )
    server = EmbeddedServer(settings.home)
    if server.is_running():
        return server.url
    if is_running(settings.home):
        return _once_started(server, settings)
    stack.enter_context(exclusive(settings.home))
    stack.callback(server.down)
    return server.up()


def _once_started(server: EmbeddedServer, settings: Settings) -> str:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if server.is_running():
            return server.url
        time.sleep(_POLL_SECONDS)
    raise CommandFailed(
        ExitCode.UNREACHABLE,
        f"the arena in {settings.home} runs, but its database has not answered for "
        f"{WAIT_SECONDS:.0f} s; see {server.log}",
    )
