"""The application's role and database: a login that owns its database and nothing else."""

from __future__ import annotations

import psycopg
from psycopg import sql

from adapters.store.embedded.state import APP, ServerState


def ensure_app_database(conninfo: str, state: ServerState) -> None:
    """Make role and database when missing; also finishes what a killed start left undone."""
    with psycopg.connect(conninfo, autocommit=True) as admin:
        if not _exists(admin, "select from pg_roles where rolname = %s"):
            # Sent as a SCRAM verifier: the password itself never reaches the server or its log.
            verifier = admin.pgconn.encrypt_password(
                state.app_password.encode(), APP.encode(), b"scram-sha-256"
            ).decode()
            admin.execute(
                sql.SQL(
                    "create role {} login nosuperuser nocreatedb nocreaterole password {}"
                ).format(sql.Identifier(APP), sql.Literal(verifier))
            )
        if not _exists(admin, "select from pg_database where datname = %s"):
            admin.execute(
                sql.SQL("create database {} owner {}").format(
                    sql.Identifier(APP), sql.Identifier(APP)
                )
            )


def _exists(admin: psycopg.Connection, query: str) -> bool:
    return admin.execute(query, [APP]).fetchone() is not None
