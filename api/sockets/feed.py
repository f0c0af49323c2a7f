"""Reads the outbox as it grows and publishes it to the hub.

LISTEN first, then read on from the last id; a notification only means "look", its content is not
used. A look every five seconds catches what no notification announced. A lost connection is opened
again and the reading goes on where it stopped, so nothing is missed and nothing comes twice.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.engine import CONNECT_SECONDS
from adapters.store.views.events import BATCH, events_after, newest_event_id
from api.sockets.hub import Hub

log = logging.getLogger("perpflow.api")

CHANNEL = "app_events"
POLL_SECONDS = 5.0
_FIRST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 5.0
_LOST = (psycopg.Error, DBAPIError, PoolTimeout, OSError)


class EventFeed:
    """One background task per process."""

    def __init__(
        self, engine: AsyncEngine, hub: Hub, *, poll_seconds: float = POLL_SECONDS
    ) -> None:
        self._engine = engine
        self._hub = hub
        self._poll_seconds = poll_seconds
        self._last_id = 0
        self._task: asyncio.Task[None] | None = None
        self._at_rest = asyncio.Event()
        self._has_listened = asyncio.Event()
        self.is_listening = False

    async def start(self) -> None:
        """Note where the outbox ends, then follow it in the background.

        The end is read before the first socket is served, so no event falls in between. Returns
        when it listens, or after the time that a connection may take.
        """
        async with self._engine.connect() as reader:
            self._last_id = await newest_event_id(reader)
        self._task = asyncio.create_task(self._run(), name="event-feed")
        with suppress(TimeoutError):
            await asyncio.wait_for(self._has_listened.wait(), CONNECT_SECONDS)

    async def stop(self) -> None:
        """End the task and its connection.

        Waits for a moment of rest first: a connection that is cancelled while it logs in is left
        half open, and PostgreSQL keeps its backend until the authentication times out.
        """
        if self._task is None:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._at_rest.wait(), CONNECT_SECONDS + 1)
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                async with await self._connect() as conn:
                    await conn.execute(f"LISTEN {CHANNEL}")
                    self.is_listening = True
                    self._has_listened.set()
                    pause = _FIRST_PAUSE_SECONDS
                    await self._follow(conn)
            except _LOST as error:
                log.warning(
                    "the event feed lost the database (%s); trying again in %.2f s",
                    type(error).__name__,
                    pause,
                )
            except Exception:
                # Whatever it was, a silent feed would look like a quiet market.
                log.exception("the event feed failed; trying again in %.2f s", pause)
            finally:
                self.is_listening = False
                self._at_rest.clear()
            self._at_rest.set()
            await asyncio.sleep(pause)
            self._at_rest.clear()
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _connect(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        url = self._engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        return await psycopg.AsyncConnection.connect(
            url,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            application_name="perpflow-api-feed",
        )

    async def _follow(self, conn: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        while True:
            await self._read_on()
            self._at_rest.set()
            async for _ in conn.notifies(timeout=self._poll_seconds, stop_after=1):
                pass
            self._at_rest.clear()

    async def _read_on(self) -> None:
        while True:
            async with self._engine.connect() as reader:
                events = await events_after(reader, self._last_id)
            self._hub.publish(events)
            if events:
                self._last_id = events[-1].id
            if len(events) < BATCH:
                return
            await asyncio.sleep(0)  # let the sockets write before the next batch
