"""Engines with their pools and time limits, one kind per process (storage report, section 2).

A flow run holds at most three connections, the API ten; every wait has a limit, so that a stuck
lock becomes an error and not a stuck trader. Sessions speak UTC. Money comes back as Decimal.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from adapters.store.errors import StoreError

CONNECT_SECONDS = 5
WORK_STATEMENT_MS = 120_000
API_STATEMENT_MS = 15_000
LOCK_MS = 3_000
IDLE_IN_TRANSACTION_MS = 30_000
RECYCLE_SECONDS = 1_800
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
    return create_engine(
        normalise_url(url),
        pool_size=pool_size,
        max_overflow=2,
        pool_pre_ping=True,
        pool_timeout=30,
        pool_recycle=RECYCLE_SECONDS,
        connect_args=connect_arguments(application, statement_ms=WORK_STATEMENT_MS),
    )


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
