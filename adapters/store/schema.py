"""The database's revision: upgrade it, or refuse to work with another one.

Only `upgrade` changes the schema: one transaction under an advisory lock, so several starters at
once are safe and a failure leaves nothing behind. Everything else checks and refuses.
"""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, text

from adapters.store.engine import connect_arguments, normalise_url
from adapters.store.errors import SchemaMismatch
from adapters.store.tables import SCHEMA

MIGRATIONS = "adapters.store:migrations"
MIGRATION_LOCK = 7_303_010
"""Any number, the same in every version of the code."""
MIGRATION_MS = 600_000


def upgrade(url: str) -> None:
    """Bring the database to this code's revision. Raises `SchemaMismatch`, untouched, when newer."""
    arguments = connect_arguments(
        "perpflow-migrate", statement_ms=MIGRATION_MS, lock_ms=MIGRATION_MS
    )
    engine = create_engine(normalise_url(url), poolclass=NullPool, connect_args=arguments)
    with engine.begin() as conn:
        conn.execute(text("select pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        _require_known(current_revision(conn))
        command.upgrade(alembic_config(conn), "head")


def current_revision(conn: Connection) -> str | None:
    """The database's revision; None before the first upgrade."""
    if (
        conn.scalar(text("select to_regclass(:name)"), {"name": f"{SCHEMA}.alembic_version"})
        is None
    ):
        return None
    return conn.scalar(text(f"select version_num from {SCHEMA}.alembic_version"))  # noqa: S608  constant


def head_revision() -> str:
    """The revision that this code needs."""
    head = _scripts().get_current_head()
    if head is None:
        raise SchemaMismatch("this installation has no migrations; install perpflow again")
    return head


def check_revision(conn: Connection) -> None:
    """Raise `SchemaMismatch` unless the database has exactly the revision of this code."""
    found, needed = current_revision(conn), head_revision()
    if found == needed:
        return
    _require_known(found)
    raise SchemaMismatch(
        f"the database is at revision {found or 'none'} and this perpflow needs {needed}; "
        f"run perpflow up to upgrade it"
    )


def alembic_config(conn: Connection | None = None) -> Config:
    """Alembic's configuration, made in code so that it also works from an installed wheel."""
    config = Config()
    config.set_main_option("script_location", MIGRATIONS)
    config.attributes["connection"] = conn
    return config


def _require_known(revision: str | None) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaMismatch(
            f"the database is at revision {revision}, newer than this perpflow, which knows up to "
            f"{head_revision()}; install the newer version, nothing was changed"
        )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())
