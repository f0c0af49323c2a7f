"""One look at every account to which something may have happened since its cycle. See docs/aster.md.

The net below the stream service, and all that paper accounts of a real market have between their
cycles. An account that cannot be looked at keeps no other from it; a running cycle looks itself.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from prefect import task

from adapters.store.in_thread import in_thread
from tasks.options import ONCE
from tasks.run_log import run_log
from tasks.watching import watch_account, watched_accounts

AT_ONCE = 4
WHY = "every minute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What a round has come to; ids of accounts."""

    watched: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()
    """A cycle of theirs was running."""
    failed: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """For the state of the run."""
        parts = [f"looked at {', '.join(self.watched)}"] if self.watched else []
        parts += [f"a cycle was running of {', '.join(self.busy)}"] if self.busy else []
        parts += [f"could not look at {', '.join(self.failed)}"] if self.failed else []
        return "; ".join(parts) or "nothing to look after between the cycles"


@task(name="watch_accounts", **ONCE)
async def watch_accounts() -> Round:
    """Look at each, a few at a time."""
    places = asyncio.Semaphore(AT_ONCE)

    async def look(account_id: str) -> str:
        async with places:
            try:
                return "busy" if await watch_account(account_id, WHY) is None else "watched"
            except Exception as error:  # noqa: BLE001 - one account's failure is its own
                run_log().warning("%s could not be looked at: %s", account_id, error)
                return "failed"

    ids = await in_thread(watched_accounts)
    outcomes = await asyncio.gather(*(look(each) for each in ids))
    found = list(zip(ids, outcomes, strict=True))
    done = Round(
        watched=tuple(each for each, outcome in found if outcome == "watched"),
        busy=tuple(each for each, outcome in found if outcome == "busy"),
        failed=tuple(each for each, outcome in found if outcome == "failed"),
    )
    run_log().info("Round: %s.", done.sentence)
    return done
