"""Engines with their pools and time limits, one kind per process (storage report, section 2).

A flow run holds at most three connections, the API ten; every wait has a limit, so that a stuck
lock becomes an error and not a stuck trader. Sessions speak UTC. Money comes back as Decimal.
"""

from __future__ import annotations

import math
import time
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from adapters.store.errors import StoreError

CONNECT_SECONDS = 5
WORK_STATEMENT_MS = 120_000
API_STATEMENT_MS = 15_000
LOCK_MS = 3_000
IDLE_IN_TRANSACTION_MS = 30_000
RECYCLE_SECONDS = 1_800
IDLE_SECONDS = 1.0
"""A connection that rested longer is tested before it is used: its server may have gone."""
_SCHEMES = ("postgres", "postgresql", "postgresql+psycopg")


def normalise_url(url: str) -> str:
    """`postgres://` and `postgresql://` as `postgresql+psycopg://`; the rest is kept.

    Raises `StoreError` (without the password) when it is not a PostgreSQL URL.
    """
    try:
        parsed = make_url(url.strip())
    except ArgumentError:
        raise StoreError(
            "DATABASE_URL is not a URL; it should look like postgresql://user:password@host/name"
        ) from None
    if parsed.drivername not in _SCHEMES:
        raise StoreError(
            f"DATABASE_URL starts with {parsed.drivername}://, but perpflow needs postgresql://"
        )
    return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def open_engine(url: str, *, application: str, pool_size: int = 1) -> Engine:
    """The engine of a flow run or a tool; `application` is shown in `pg_stat_activity`."""
    engine = create_engine(
        normalise_url(url),
        pool_size=pool_size,
        max_overflow=2,
        pool_timeout=30,
        pool_recycle=RECYCLE_SECONDS,
        connect_args=connect_arguments(application, statement_ms=WORK_STATEMENT_MS),
    )
    _test_idle_connections(engine)
    return engine


def open_async_engine(url: str, *, application: str, pool_size: int = 5) -> AsyncEngine:
    """The engine of the API: short statements, a request waits at most five seconds for its turn."""
    return create_async_engine(
        normalise_url(url),
        pool_size=pool_size,
        max_overflow=5,
        pool_pre_ping=True,
        pool_timeout=5,
        pool_recycle=RECYCLE_SECONDS,
        connect_args=connect_arguments(application, statement_ms=API_STATEMENT_MS),
    )


def _test_idle_connections(engine: Engine) -> None:
    """Test a connection before use if it has been idle, and open another in place of a dead one.

    A test at every use (`pool_pre_ping`) was a fifth of the round trips of a cycle.
    """

    @event.listens_for(engine, "checkin")
    def _note(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _test(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        if time.monotonic() - record.info.get("idle_since", math.inf) < IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error  # the pool opens another one and tries again


def connect_arguments(
    application: str, *, statement_ms: int, lock_ms: int = LOCK_MS
) -> dict[str, Any]:
    """What every connection is opened with."""
    settings = {
        "timezone": "UTC",
        "statement_timeout": statement_ms,
        "lock_timeout": lock_ms,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_MS,
    }
    return {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": application,
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
    }
