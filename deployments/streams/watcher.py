"""Has one account looked at when something happened to it: soon, one look at a time, until it worked.

Requests that come while a look is under way make one more, not one each. While a cycle has the
account it is asked again every two seconds: the cycle looks itself, but it may have looked before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from adapters.venues.aster.streams.pauses import pause_before, system_jitter
from deployments.streams.repeating import in_one_line, log
from deployments.streams.settings import ServiceSettings

Watch = Callable[[str, str], Awaitable[object | None]]
"""`watch(account_id, why)`: reconcile, protect, sweep. None: a cycle of the account is running."""


class Watcher:
    """The looks at one account; `run` until it is cancelled."""

    def __init__(self, account_id: str, watch: Watch, settings: ServiceSettings) -> None:
        self.account_id = account_id
        self.has_failed = False
        """The last look did not work."""
        self.is_looking = False
        self._watch = watch
        self._settings = settings
        self._why: str | None = None
        self._asked = asyncio.Event()
        self._looked_at = float("-inf")

    @property
    def rests(self) -> float:
        """Seconds since the last look that worked; infinite before the first."""
        return asyncio.get_running_loop().time() - self._looked_at

    def request(self, why: str) -> None:
        """Look soon; the first reason of several is kept."""
        self._why = self._why or why
        self._asked.set()

    async def run(self) -> None:
        failures = 0
        while True:
            await self._asked.wait()
            await asyncio.sleep(self._settings.settle_seconds)
            why, self._why = self._why or "asked again", None
            self._asked.clear()
            self.is_looking = True
            try:
                done = await self._watch(self.account_id, why)
            except Exception as error:  # noqa: BLE001 - one account's failure is its own
                if failures == 0:
                    log.warning(
                        "%s could not be looked at (%s); trying on: %s",
                        self.account_id, why, in_one_line(error),
                    )  # fmt: skip
                failures += 1
                self.has_failed = True
                self.request(why)
                await asyncio.sleep(self._pause(failures))
                continue
            finally:
                self.is_looking = False
            if done is None:
                self.request(why)
                await asyncio.sleep(self._settings.busy_seconds)
                continue
            if failures:
                log.info("%s is looked at again", self.account_id)
            failures, self.has_failed = 0, False
            self._looked_at = asyncio.get_running_loop().time()

    def _pause(self, failures: int) -> float:
        first, longest = self._settings.first_pause_seconds, self._settings.longest_pause_seconds
        return pause_before(failures - 1, first, longest, system_jitter)
