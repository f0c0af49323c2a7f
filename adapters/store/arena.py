"""The arena: one row with the market that all accounts trade on, and its clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.store.documents import to_document
from adapters.store.errors import StoreError
from adapters.store.tables import arena as arena_table
from trading.arena_clock import ArenaClock

ASTER = "aster"
"""The source of an arena whose market is AsterDEX itself."""
STANDS_AFTER = timedelta(seconds=15)
"""Real time without a sign of life (`touch_arena`, every two seconds) after which time stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """What every process has to agree on."""

    market: str
    """Key of the market in the store, e.g. `simulated-7`."""
    source: str
    """`simulated`, `recorded` or `aster`."""
    settings: Mapping[str, Any]
    """How to open the source again: seed, folder, network."""
    clock: ArenaClock
    started_at: datetime
    """Market time of the first start."""
    seen_at: datetime
    """Market time at which it was last seen alive; the next start goes on from here."""
    collect_every: timedelta | None = None
    """Market time between two passes of the collector; None: every account reads for itself."""

    @property
    def is_real_time(self) -> bool:
        """Whether its prices are the world's: then market time is real time, also after a stop."""
        return self.source == ASTER

    def is_alive(self, real: datetime) -> bool:
        """Whether something has kept its time going lately; False once recorded data has ended."""
        return real - self.clock.real_at(self.seen_at) <= STANDS_AFTER

    def has_ended(self, real: datetime) -> bool:
        """Whether recorded data has been played to its end."""
        ends_at = self.clock.ends_at
        return ends_at is not None and self.clock.market_at(real) >= ends_at

    def market_time(self, real: datetime) -> datetime:
        """Market time at a real instant.

        While nothing runs it stands still where it was seen, unless its prices are the world's.
        """
        if self.is_real_time or self.is_alive(real):
            return self.clock.market_at(real)
        return self.seen_at

    def going_on_from(self, real: datetime) -> datetime:
        """Market time with which a start at a real instant goes on."""
        return real if self.is_real_time else self.seen_at


def load_arena(conn: Connection) -> Arena | None:
    """The arena, or None before the first start."""
    row = conn.execute(select(arena_table)).one_or_none()
    if row is None:
        return None
    return Arena(
        market=row.market,
        source=row.source,
        settings=row.settings,
        clock=ArenaClock(
            real_anchor=row.real_anchor,
            market_anchor=row.market_anchor,
            speed=row.speed,
            ends_at=row.ends_at,
        ),
        started_at=row.started_at,
        seen_at=row.seen_at,
        collect_every=(
            None if row.collect_seconds is None else timedelta(seconds=row.collect_seconds)
        ),
    )


def save_arena(conn: Connection, arena: Arena) -> None:
    """Insert or replace the one arena; whether a collector comes is kept (`set_collector`)."""
    values = {
        "market": arena.market,
        "source": arena.source,
        "settings": to_document(arena.settings),
        "speed": arena.clock.speed,
        "real_anchor": arena.clock.real_anchor,
        "market_anchor": arena.clock.market_anchor,
        "ends_at": arena.clock.ends_at,
        "started_at": arena.started_at,
        "seen_at": arena.seen_at,
    }
    conn.execute(
        insert(arena_table)
        .values(only=True, **values)
        .on_conflict_do_update(index_elements=["only"], set_=values)
    )


def require_arena(conn: Connection) -> Arena:
    """The arena. Raises `StoreError` before the first start."""
    arena = load_arena(conn)
    if arena is None:
        raise StoreError("no arena has been started on this database; start one with: perpflow up")
    return arena


def set_collector(conn: Connection, every: timedelta | None) -> None:
    """Note how often the collector comes (market time), or that there is none."""
    seconds = None if every is None else int(every.total_seconds())
    conn.execute(update(arena_table).values(collect_seconds=seconds))


def touch_arena(conn: Connection, seen_at: datetime) -> None:
    """Note the market time at which the arena is alive; time never goes back.

    Raises `StoreError` when there is no arena.
    """
    later = func.greatest(arena_table.c.seen_at, seen_at)
    done = conn.execute(update(arena_table).values(seen_at=later))
    if done.rowcount == 0:
        raise StoreError("no arena has been started on this database; run perpflow up")
