"""Health: is the process alive, and can it serve. Neither looks at venues or at Prefect.

A supervisor restarts what is not alive: a lost database must not kill a healthy process, so only
`/health/ready` asks for it.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import psycopg
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.status import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE

from adapters.store.errors import SchemaMismatch
from adapters.store.schema import check_revision
from api.answers import answer
from api.store_access import open_of, reading

router = APIRouter(tags=["health"])
_PATIENCE_SECONDS = 2.0


class Alive(BaseModel):
    """The process answers."""

    status: str = "ok"


class Check(BaseModel):
    """One thing that readiness depends on."""

    name: str
    status: str = Field(description="ok or failed")
    observed: str
    hint: str = ""


class Readiness(BaseModel):
    """Whether requests can be served; the checks only with `verbose=1`."""

    status: str = Field(description="ready or not_ready")
    version: str
    uptime_s: float
    checks: list[Check] | None = None


@router.get("/health", response_model=Alive)
async def get_health(request: Request) -> Response:
    """Liveness, open to everybody, without any detail."""
    return answer(request, Alive(), max_age=None)


@router.get("/health/ready", response_model=Readiness, responses={503: {"model": Readiness}})
async def get_readiness(
    request: Request,
    *,
    verbose: Annotated[bool, Query(description="List the checks.")] = False,
) -> Response:
    """Readiness: database, schema and event feed; 503 when one of them fails."""
    held = open_of(request)
    checks = [
        await _database(request),
        Check(
            name="event_feed",
            status="ok" if held.feed.is_listening else "failed",
            observed="listening" if held.feed.is_listening else "not connected",
            hint="" if held.feed.is_listening else "It connects again by itself.",
        ),
    ]
    is_ready = all(check.status == "ok" for check in checks)
    document = Readiness(
        status="ready" if is_ready else "not_ready",
        version=_version(),
        uptime_s=round((datetime.now(UTC) - held.real_started_at).total_seconds(), 1),
        checks=checks if verbose else None,
    )
    response = answer(request, document, max_age=None)
    response.status_code = HTTP_200_OK if is_ready else HTTP_503_SERVICE_UNAVAILABLE
    return response


async def _database(request: Request) -> Check:
    """Under two seconds, whatever the database does; no address and no message of the driver."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS), reading(request) as conn:
            await conn.run_sync(check_revision)
    except SchemaMismatch as error:
        return Check(name="database", status="failed", observed="wrong revision", hint=str(error))
    except (DBAPIError, PoolTimeout, psycopg.Error, OSError, TimeoutError) as error:
        return Check(
            name="database",
            status="failed",
            observed=type(error).__name__,
            hint="Run perpflow doctor on the server.",
        )
    return Check(name="database", status="ok", observed="revision as needed")


def _version() -> str:
    try:
        return version("perpflow")
    except PackageNotFoundError:
        return "0"
