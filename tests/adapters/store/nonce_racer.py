"""What each of the racing processes does: draw nonces from the shared source, by a clock of its own."""

from __future__ import annotations

import asyncio
import time

from adapters.store.engine import open_engine
from adapters.store.nonces import PostgresNonces


def race(database_url: str, count: int, behind_microseconds: int) -> list[int]:
    """The nonces drawn, in order."""
    return asyncio.run(_draw(database_url, count, behind_microseconds))


async def _draw(database_url: str, count: int, behind_microseconds: int) -> list[int]:
    engine = open_engine(database_url, application="racer", pool_size=1)
    nonces = PostgresNonces(engine=engine)
    found: list[int] = []
    for _ in range(count):
        now = time.time_ns() // 1000 - behind_microseconds
        found.append(await nonces.next_nonce("714:0xabc", now))
    engine.dispose()
    return found
