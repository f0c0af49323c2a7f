"""Follows the user stream of one account and says when the account has to be looked at.

Events are only a reason to look: what is true is read by REST in the look, so events that come late,
twice or out of order do no harm. Keys are resolved at each connection, so keys that were exchanged
are used from then on. Whatever fails here is this account's own trouble.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.streams.connection import Gap
from adapters.venues.aster.streams.pauses import pause_before, system_jitter
from adapters.venues.aster.streams.user_events import (
    AccountUpdate,
    MarginCall,
    OrderUpdate,
    Unreadable,
)
from adapters.venues.aster.streams.user_stream import UserNews, UserStream
from deployments.streams.alarms import Alarms
from deployments.streams.repeating import in_one_line, log
from deployments.streams.settings import ServiceSettings
from deployments.streams.watcher import Watch, Watcher
from trading.account import Account

OpenClient = Callable[[Account], AbstractAsyncContextManager[AsterClient]]
"""Resolves the account's keys. Raises `VenueError`, `InvalidRecord`."""

_MATTERS = frozenset({"TRADE", "CANCELED", "EXPIRED", "CALCULATED"})
"""NEW only says that what we have sent has arrived; its answer said so before."""


class AccountFollower:
    """One account; `run` until it is cancelled."""

    def __init__(
        self,
        account: Account,
        open_client: OpenClient,
        watch: Watch,
        alarms: Alarms,
        settings: ServiceSettings,
    ) -> None:
        self.account = account
        self.watcher = Watcher(account.id, watch, settings)
        self._open_client = open_client
        self._alarms = alarms
        self._settings = settings
        self._news: UserStream | None = None
        self._away_since: float | None = None
        self._why_away = "it has not been connected yet"
        self._has_alarm = False
        self._has_been_heard = False

    @property
    def is_up(self) -> bool:
        """Whether the account's events are heard now."""
        return self._news is not None and self._news.is_up

    async def run(self) -> None:
        async with asyncio.TaskGroup() as both:
            both.create_task(self.watcher.run())
            both.create_task(self._follow())

    async def judge(self) -> None:
        """Raise the alert of a stream that has been away for too long; clear it when it is back."""
        now = asyncio.get_running_loop().time()
        if self.is_up:
            self._away_since = None
            if self._has_alarm or not self._has_been_heard:
                # An alert may be left from before this process began.
                await self._alarms.clear_stream_down(self.account.id)
            if self._has_alarm:
                log.info("the user stream of %s is heard again", self.account.id)
            self._has_alarm, self._has_been_heard = False, True
            return
        self._away_since = self._away_since if self._away_since is not None else now
        if now - self._away_since > self._settings.alarm_seconds:
            await self._alarms.raise_stream_down(self.account.id, self._why_away)
            self._has_alarm = True

    async def _follow(self) -> None:
        failures = 0
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._follow_once()
            except Exception as error:  # noqa: BLE001 - one account's failure is its own
                lived = asyncio.get_running_loop().time() - began
                failures = 1 if lived > self._settings.alarm_seconds else failures + 1
                self._why_away = in_one_line(error)
                if failures == 1:
                    log.warning(
                        "the user stream of %s has ended and is tried again: %s",
                        self.account.id, self._why_away,
                    )  # fmt: skip
            first, longest = (
                self._settings.first_pause_seconds,
                self._settings.longest_pause_seconds,
            )
            await asyncio.sleep(pause_before(failures, first, longest, system_jitter))

    async def _follow_once(self) -> None:
        settings = self._settings.user_stream
        async with (
            self._open_client(self.account) as client,
            UserStream(client, self.account.id, settings) as news,
        ):
            self._news = news
            self._why_away = "the venue cannot be reached"
            try:
                async for record in news:
                    await self._hear(record)
            finally:
                self._news = None

    async def _hear(self, record: UserNews) -> None:
        match record:
            case Gap():
                self.watcher.request(f"user stream: {record.why}")
            case OrderUpdate() if record.what in _MATTERS:
                self.watcher.request(f"user stream: {record.symbol} {record.what.lower()}")
            case AccountUpdate():
                self.watcher.request(f"user stream: account changed by {record.reason.lower()}")
            case Unreadable():
                log.warning(
                    "%s: an event %s of the user stream lacks %s; the account is read instead",
                    self.account.id, record.kind, ", ".join(record.fields),
                )  # fmt: skip
                self.watcher.request("user stream: an event could not be read")
            case MarginCall():
                self.watcher.request("user stream: margin call")
                await self._tell_margin_call(record)
            case _:
                pass

    async def _tell_margin_call(self, call: MarginCall) -> None:
        what = ", ".join(f"{each.symbol} needs {each.maintenance} USDT" for each in call.positions)
        try:
            await self._alarms.raise_margin_call(self.account.id, what or "no position named")
        except Exception as error:  # noqa: BLE001 - the look at the account must not wait for it
            log.warning("the margin call of %s could not be noted: %s", self.account.id, error)
