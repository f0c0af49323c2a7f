"""The service: follows the live accounts that there are, and the market. One failure stops no other.

The roster is read every five seconds, so accounts that were added, permitted, paused or removed are
noticed within ten. Accounts with something at stake are looked at once a minute whatever the stream
says; while their stream is away, all are.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Engine

from adapters.cancelling import end_tasks
from adapters.store.accounts import list_accounts
from adapters.store.arena import load_arena
from adapters.store.exposed import exposed_accounts, permitted_accounts
from adapters.store.in_thread import in_thread
from adapters.store.permits import load_permit
from deployments.streams.account_follower import AccountFollower, OpenClient
from deployments.streams.alarms import Alarms
from deployments.streams.market_follower import MarketFollower
from deployments.streams.repeating import log, repeat
from deployments.streams.settings import DEFAULTS, ServiceSettings
from deployments.streams.watcher import Watch
from tasks.cycle import why_not_live
from trading.account import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Who is to be followed, and who of them has something at stake."""

    accounts: dict[str, Account]
    exposed: frozenset[str]


@dataclass(slots=True)
class _Followed:
    follower: AccountFollower
    task: asyncio.Task[None] = field(repr=False)


class StreamService:
    """Everything that is followed for one arena; `run` until `stop`."""

    def __init__(
        self,
        engine: Engine,
        *,
        open_client: OpenClient,
        watch: Watch,
        market: MarketFollower | None = None,
        settings: ServiceSettings = DEFAULTS,
    ) -> None:
        self._engine = engine
        self._open_client = open_client
        self._watch = watch
        self._market = market
        self._settings = settings
        self._alarms = Alarms(engine)
        self._followed: dict[str, _Followed] = {}
        self._stopping = asyncio.Event()

    @property
    def followers(self) -> dict[str, AccountFollower]:
        """By account id."""
        return {name: each.follower for name, each in self._followed.items()}

    def stop(self) -> None:
        """Begin nothing new; `run` returns within seconds."""
        self._stopping.set()

    async def run(self) -> None:
        jobs = [
            asyncio.create_task(
                repeat("reading the accounts", self._settings.roster_seconds, self.look)
            )
        ]
        if self._market is not None:
            jobs.append(asyncio.create_task(self._market.run()))
        try:
            await self._stopping.wait()
        finally:
            await asyncio.gather(end_tasks(jobs), self._let_end())

    async def look(self) -> None:
        """Follow who is to be followed, look at whom nobody has looked at, judge the streams."""
        roster = await in_thread(self._read)
        await self._let_go(roster.accounts)
        for name, account in roster.accounts.items():
            if name not in self._followed:
                self._followed[name] = self._begin(account)
        for name, each in self._followed.items():
            self._poll(each.follower, is_exposed=name in roster.exposed)
            await each.follower.judge()
        quiet = timedelta(seconds=self._settings.margin_call_seconds)
        await self._alarms.clear_what_is_over(frozenset(self._followed), quiet)

    async def _let_go(self, accounts: dict[str, Account]) -> None:
        """Whom nobody wants to be followed, whose keys are others now, and whose task has died."""
        gone: list[asyncio.Task[None]] = []
        for name, each in tuple(self._followed.items()):
            wanted = accounts.get(name)
            if each.task.done():
                log.error("following %s has ended by a defect; it begins anew", name)
            elif wanted is None:
                log.info("%s is no longer followed", name)
            elif wanted.venue_keys != each.follower.account.venue_keys:
                log.info("%s has other keys now", name)
            else:
                continue
            gone.append(self._followed.pop(name).task)
        await end_tasks(gone)

    def _read(self) -> Roster:
        with self._engine.connect() as conn:
            permitted, arena = permitted_accounts(conn), load_arena(conn)
            if not permitted or arena is None:
                return Roster(accounts={}, exposed=frozenset())
            # The configurations are documents: read only where there is somebody to follow.
            accounts = {
                stored.account.id: stored.account
                for stored in list_accounts(conn)
                if stored.account.id in permitted
                and why_not_live(stored.account, arena, load_permit(conn, stored.account.id))
                is None
            }
            return Roster(accounts=accounts, exposed=exposed_accounts(conn))

    def _begin(self, account: Account) -> _Followed:
        log.info("%s is followed", account.id)
        follower = AccountFollower(
            account, self._open_client, self._watch, self._alarms, self._settings
        )
        return _Followed(follower, asyncio.create_task(follower.run()))

    def _poll(self, follower: AccountFollower, *, is_exposed: bool) -> None:
        watcher = follower.watcher
        is_due = watcher.rests >= self._settings.poll_seconds
        if is_due and (is_exposed or watcher.has_failed or not follower.is_up):
            watcher.request("poll")

    async def _let_end(self) -> None:
        """A look that is under way gets a moment to come to its end."""
        deadline = asyncio.get_running_loop().time() + self._settings.stop_seconds
        while any(each.follower.watcher.is_looking for each in self._followed.values()):
            if asyncio.get_running_loop().time() > deadline:
                log.warning("a look at an account was broken off; the next one asks the venue")
                break
            await asyncio.sleep(0.05)
        await end_tasks([each.task for each in self._followed.values()])
        self._followed.clear()
