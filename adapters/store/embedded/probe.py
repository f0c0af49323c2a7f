"""Who answers on a port: our server, one that is still starting, somebody else, or nobody.

Identity is the server's own answer (`data_directory` and system identifier), never a process id.
SCRAM is demanded, so a stranger on the port never sees the password.
"""

from __future__ import annotations

import secrets
import socket
from enum import Enum
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from adapters.store.embedded.cluster import system_identifier
from adapters.store.embedded.folder import ServerFolder
from adapters.store.embedded.state import ADMIN, ServerState

HOST = "127.0.0.1"
FIRST_PORT = 15_433
PORTS = 10_000
"""Kept below the ports that systems hand to outgoing connections."""
_NOT_YET = ("starting up", "shutting down", "recovery mode", "not yet accepting")


class Answer(Enum):
    """What a port said."""

    OURS = "ours"
    NOT_YET = "not yet"
    FOREIGN = "foreign"
    NOBODY = "nobody"


def admin_conninfo(state: ServerState, *, port: int | None = None, database: str = ADMIN) -> str:
    """How the supervisor (and only it) connects."""
    return make_conninfo(
        host=HOST,
        port=port or state.port,
        user=ADMIN,
        password=state.admin_password,
        dbname=database,
        require_auth="scram-sha-256",
        sslmode="disable",
        connect_timeout=5,
        application_name="perpflow-supervisor",
    )


def ask(folder: ServerFolder, state: ServerState, port: int) -> Answer:
    """Who listens on the port."""
    try:
        with psycopg.connect(admin_conninfo(state, port=port), autocommit=True) as connection:
            row = connection.execute(
                "select current_setting('data_directory'), system_identifier"
                " from pg_control_system()"
            ).fetchone()
    except psycopg.OperationalError as error:
        if is_free(port):
            return Answer.NOBODY
        words = str(error)
        return Answer.NOT_YET if any(phrase in words for phrase in _NOT_YET) else Answer.FOREIGN
    except psycopg.Error:
        return Answer.FOREIGN
    same = row is not None and Path(row[0]).resolve() == folder.data.resolve()
    return Answer.OURS if same and row[1] == system_identifier(folder) else Answer.FOREIGN


def is_free(port: int) -> bool:
    """Whether the server could listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose_port(*, avoid: int | None = None) -> int:
    """A free port; other starters choose others, because the first try is random."""
    start = secrets.randbelow(PORTS)
    for step in range(PORTS):
        port = FIRST_PORT + (start + step) % PORTS
        if port != avoid and is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
