"""How a request reaches the store: one short, read-only connection, and what the app keeps open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.requests import HTTPConnection

from api.answers import SharedAnswers
from api.equity_tracks import EquityTracks
from api.settings import ApiSettings
from api.sockets.feed import EventFeed
from api.sockets.hub import Hub


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """What lives as long as the process: kept in `app.state.open`."""

    settings: ApiSettings
    engine: AsyncEngine
    hub: Hub
    feed: EventFeed
    shared: SharedAnswers
    tracks: EquityTracks
    real_started_at: datetime


def open_of(connection: HTTPConnection) -> Open:
    """What the running app keeps open."""
    found: Open = connection.app.state.open
    return found


@asynccontextmanager
async def reading(connection: HTTPConnection) -> AsyncIterator[AsyncConnection]:
    """A read-only transaction, rolled back at the end."""
    async with open_of(connection).engine.connect() as conn:
        reader = await conn.execution_options(postgresql_readonly=True)
        yield reader
