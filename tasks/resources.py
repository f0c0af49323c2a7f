"""What the tasks of one process share: the engine, the market source, the venue of a cycle.

Opened on first use, once per process. The database URL comes from the environment that the worker
hands down, or from the block `store-database/perpflow`; it is never a flow parameter.
"""

from __future__ import annotations

import os
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from adapters.market.remembered import RecentlyUsed
from adapters.store.arena import Arena, load_arena
from adapters.store.engine import open_engine
from adapters.store.paper_books import PostgresPaperBook
from adapters.venues.paper.venue import PaperVenue
from blocks.store_database import StoreDatabase
from tasks.arena_market import open_arena_market
from tasks.market_memory import MarketMemory
from trading.errors import InvalidRecord
from trading.ports import MarketSource

if TYPE_CHECKING:
    from tasks.cycle import Cycle

_memories: dict[str, MarketMemory] = {}
_venues: RecentlyUsed[tuple[str, datetime], PaperVenue] = RecentlyUsed(8)


@cache
def store_engine() -> Engine:
    """The engine of this process."""
    url = os.environ.get("DATABASE_URL")
    if url:
        return open_engine(url, application="perpflow-flow")
    # Also inside an event loop, where `load` alone would be a coroutine.
    return StoreDatabase.load("perpflow", _sync=True).engine()


def forget() -> None:
    """Close what was opened: the next use opens it again, from the environment as it is then."""
    if store_engine.cache_info().currsize:
        store_engine().dispose()
    store_engine.cache_clear()
    _memories.clear()
    _venues.clear()


def arena_on(conn: Connection) -> Arena:
    """The arena that this database is of. Raises `InvalidRecord` before the first start."""
    arena = load_arena(conn)
    if arena is None:
        raise InvalidRecord("no arena has been started on this database; run: perpflow up")
    return arena


def memory_of(arena: Arena) -> MarketMemory:
    """The market of the arena with what this process remembers of it, opened once per process.

    Raises
    ------
    InvalidRecord
        The recorded folder no longer holds the data that the arena was started with.
    """
    if arena.market not in _memories:
        market = open_arena_market(arena.source, arena.settings, store_engine())
        if market.name != arena.market:
            raise InvalidRecord(
                f"the arena was started on market {arena.market}, but its source is now"
                f" {market.name}: restore the data, or start another arena in another PERPFLOW_HOME"
            )
        _memories[arena.market] = MarketMemory(market)
    return _memories[arena.market]


def market_of(arena: Arena) -> MarketSource:
    """The market of the arena; raises as `memory_of`."""
    return memory_of(arena).market


def paper_venue_of(cycle: Cycle) -> PaperVenue:
    """The paper venue of the cycle's account, standing at the cycle's market time; one for all steps."""
    key = (cycle.account.id, cycle.as_of)
    venue = _venues.get(key)
    if venue is None:
        venue = PaperVenue(
            book=PostgresPaperBook(store_engine(), cycle.account.id),
            market=market_of(cycle.arena),
            as_of=cycle.as_of,
            account_id=cycle.account.id,
        )
        _venues.put(key, venue)
    return venue
