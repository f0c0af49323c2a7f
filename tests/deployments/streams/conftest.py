"""The stream service on a real Postgres and a sandbox, with every wait in a fraction of its time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest

from deployments.streams.service import StreamService
from deployments.streams.settings import ServiceSettings
from tasks.live_access import open_client
from tests.adapters.venues.aster.streams.conftest import QUICK as QUICK_STREAM
from tests.live.conftest import live, quick  # noqa: F401 - fixtures of this folder as well
from tests.live.live_arena import LiveArena

QUICK = ServiceSettings(
    roster_seconds=0.2,
    settle_seconds=0.05,
    busy_seconds=0.1,
    poll_seconds=0.4,
    alarm_seconds=0.5,
    margin_call_seconds=0.5,
    first_pause_seconds=0.05,
    longest_pause_seconds=0.2,
    symbols_seconds=0.2,
    write_seconds=0.1,
    event_seconds=0.2,
    event_life_seconds=0.5,
    fill_again_seconds=0.1,
    user_stream=QUICK_STREAM,
    market_stream=QUICK_STREAM,
)


@dataclass
class Looks:
    """Stands where the look at an account is, and keeps what it was asked for."""

    asked: list[tuple[str, str, float]] = field(default_factory=list)
    """Account, reason, and when (the loop's clock)."""
    answers: list[object] = field(default_factory=list)
    """What the next looks come to: None for a cycle that runs, an error to raise; then done."""
    takes: float = 0.0
    under_way: int = 0
    most_at_once: int = 0

    async def __call__(self, account_id: str, why: str) -> object | None:
        self.asked.append((account_id, why, asyncio.get_running_loop().time()))
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            await asyncio.sleep(self.takes)
        finally:
            self.under_way -= 1
        answer = self.answers.pop(0) if self.answers else "done"
        if isinstance(answer, Exception):
            raise answer
        return answer

    def of(self, account_id: str) -> list[str]:
        return [why for name, why, _ in self.asked if name == account_id]


@asynccontextmanager
async def running(
    live: LiveArena,  # noqa: F811 - the fixture's value
    watch: Callable[..., object],
    settings: ServiceSettings = QUICK,
    **more: object,
) -> AsyncIterator[StreamService]:
    """The service, until the block ends."""
    made = StreamService(
        live.engine, open_client=open_client, watch=watch, settings=settings, **more
    )
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        made.stop()
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, 10)


@pytest.fixture
def looks() -> Looks:
    return Looks()
