"""The user stream of one account: its events as records, and a `Gap` whenever some may be missing.

The listen key is asked for at every connection and extended every half hour (it lives for one).
A key that the venue no longer knows is replaced by a new one. The key stands in the address of the
connection and nowhere else: it is never logged and in no error.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from urllib.parse import quote

from pydantic import SecretStr

from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.codes import Action
from adapters.venues.aster.errors import Refused
from adapters.venues.aster.streams.connection import Gap, StreamLine
from adapters.venues.aster.streams.inbox import Inbox
from adapters.venues.aster.streams.settings import USER_SETTINGS, StreamSettings
from adapters.venues.aster.streams.stream_socket import Document, StreamSocket, open_socket
from adapters.venues.aster.streams.user_events import Expired, UserEvent, read_user_event
from trading.errors import OutcomeUnknown, VenueUnavailable

_log = logging.getLogger("perpflow.aster.streams")
KEEP_SECONDS = 30 * 60.0
_AGAIN_SECONDS = 60.0

UserNews = UserEvent | Gap


class UserStream:
    """`async with UserStream(client, "alpha") as news: async for record in news: ...`.

    Iterating raises what does not pass by itself: keys that the venue refuses. Everything else is
    tried again, and told by the `Gap` that follows.
    """

    def __init__(
        self,
        client: AsterClient,
        account_id: str,
        settings: StreamSettings = USER_SETTINGS,
        *,
        keep_seconds: float = KEEP_SECONDS,
    ) -> None:
        self._client = client
        self._what = f"user stream of {account_id}"
        self._settings = settings
        self._keep_seconds = keep_seconds
        self._inbox: Inbox[UserNews] = Inbox(settings.queue_length)
        self._line = StreamLine(self._what, self._open, self._hear, settings)

    @property
    def is_up(self) -> bool:
        """Whether events are heard now."""
        return self._line.is_up

    @property
    def swaps(self) -> int:
        """Planned exchanges of the connection so far."""
        return self._line.swaps

    async def __aenter__(self) -> Self:
        self._inbox.begin(self._line.run())
        self._inbox.begin(self._keep_key())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._inbox.end()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> UserNews:
        return await self._inbox.get()

    async def _open(self) -> StreamSocket:
        key = await self._client.stream.start()
        path = SecretStr("/ws/" + quote(key.get_secret_value(), safe=""))
        return await open_socket(
            self._what, self._client.address.user_streams, path, self._settings
        )

    async def _hear(self, document: Document | Gap) -> None:
        if isinstance(document, Gap):
            await self._inbox.put(document)
            return
        record = read_user_event(document, datetime.now(UTC))
        if isinstance(record, Expired):
            self._line.restart("the listen key has expired")
        if record is not None:
            await self._inbox.put(record)

    async def _keep_key(self) -> None:
        pause = self._keep_seconds
        while True:
            await asyncio.sleep(pause)
            pause = self._keep_seconds
            try:
                await self._client.stream.keep()
            except (VenueUnavailable, OutcomeUnknown) as error:
                # The key lives for an hour: there is time for many tries.
                _log.warning("%s: its key could not be extended: %s", self._what, error)
                pause = min(pause, _AGAIN_SECONDS)
            except Refused as error:
                if error.action is not Action.RENEW_STREAM:
                    raise
                self._line.restart("the venue no longer knows the listen key")
