"""The collector's pass from an account's side: take it, wait a moment for it, or do without.

An account never depends on the collector. A pass that is announced is waited for, but not for long;
one that is missing where it should be is said in the log and, once per cycle, in the diary.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from adapters.store.arena import Arena
from adapters.store.in_thread import in_thread
from adapters.store.market_passes import MarketPass, load_pass
from tasks.market_memory import MarketMemory
from trading.indicators.market_document import parse_market_document
from trading.timeframes import floor_instant

LONGEST_WAIT = timedelta(seconds=3)
"""Real time. A pass took 0.1 to 0.4 s; an account that waits longer is late for its candle."""
LONGEST_NETWORK_WAIT = timedelta(seconds=15)
"""Of a venue behind a network: a second until the candle is closed there, and its answers."""
WAIT_SHARE = 4
"""At most this part of the time between two passes, where the arena's clock runs fast."""
POLL_SECONDS = 0.1


def is_due(arena: Arena, at: datetime) -> bool:
    """Whether the collector should have a pass for this market instant."""
    every = arena.collect_every
    return every is not None and floor_instant(at, every) == at


async def find_pass(
    engine: Engine, memory: MarketMemory, arena: Arena, at: datetime
) -> MarketPass | None:
    """The finished pass of an instant; None when it is not there and not about to come."""
    known = memory.passes.get(at)
    began = datetime.now(UTC)
    while known is None:
        found = await in_thread(_load, engine, arena.market, at)
        if found is None:
            return None
        if found.is_done:
            memory.passes.put(at, found)
            for symbol, document in found.documents.items():
                memory.documents.put((symbol, at), parse_market_document(document))
            known = found
        elif datetime.now(UTC) >= _patience_ends(arena, at, found, began):
            return None
        else:
            await asyncio.sleep(POLL_SECONDS)
    return known


def _patience_ends(arena: Arena, at: datetime, found: MarketPass, began: datetime) -> datetime:
    """The collector is announced ahead of the slot, at which its reading begins."""
    assert arena.collect_every is not None  # noqa: S101 - a pass is only looked for where one is due
    share = arena.clock.real_length(arena.collect_every) / WAIT_SHARE
    longest = min(LONGEST_NETWORK_WAIT if arena.is_real_time else LONGEST_WAIT, share)
    return min(max(found.real_started_at, arena.clock.real_at(at)), began) + longest


def _load(engine: Engine, market: str, at: datetime) -> MarketPass | None:
    with engine.connect() as conn:
        return load_pass(conn, market, at)
