"""Whole equity paths, for figures: every snapshot as arrays, and the exact money at both ends.

A year of five-minute snapshots is a hundred thousand rows, so they leave the database as four
packed columns instead of rows. Money becomes float there, rounded as `to_float` rounds it, after
the flows were taken off exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from trading.performance.path import EquityPath, to_microseconds
from trading.performance.records import EquityReading

_POSTGRES_EPOCH = to_microseconds(datetime(2000, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class PathEnds:
    """The oldest and the newest snapshot of an account."""

    first: EquityReading
    last: EquityReading


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStretch:
    """Which snapshots of an account are wanted."""

    account_id: str
    after: datetime | None
    """Instant of a snapshot, so that a flow between it and the next is seen; None: from the first."""
    until: datetime


_ENDS = text(
    """
    select accounts.id,
           first.at as first_at, first.equity as first_equity, first.transfers as first_transfers,
           last.at as last_at, last.equity as last_equity, last.transfers as last_transfers
    from app.accounts
    cross join lateral (
        select at, equity, transfers from app.equity_snapshots
        where account_id = accounts.id order by at limit 1
    ) as first
    cross join lateral (
        select at, equity, transfers from app.equity_snapshots
        where account_id = accounts.id order by at desc limit 1
    ) as last
    where accounts.real_removed_at is null
      and (cast(:only as text) is null or accounts.id = :only)
    """
)

# The row at `after` itself is read as well, because the first row after it may show a flow.
_PATHS = text(
    """
    select wanted.account_id, packed.at, packed.equity, packed.before_flow, packed.gross_exposure
    from unnest(cast(:accounts as text[]), cast(:afters as timestamptz[]),
                cast(:untils as timestamptz[])) as wanted(account_id, after, until)
    cross join lateral (
        select string_agg(timestamptz_send(at), '' order by at) as at,
               string_agg(float8send(equity::float8), '' order by at) as equity,
               string_agg(float8send(case when transfers = before then 'NaN'::float8
                                          else (equity - (transfers - before))::float8 end),
                          '' order by at) as before_flow,
               string_agg(float8send(gross_exposure::float8), '' order by at) as gross_exposure
        from (
            select at, equity, gross_exposure, transfers,
                   lag(transfers, 1, transfers) over (order by at) as before
            from app.equity_snapshots
            where account_id = wanted.account_id
              and at >= coalesce(wanted.after, '-infinity'::timestamptz) and at <= wanted.until
        ) as snapshots
        where at > coalesce(wanted.after, '-infinity'::timestamptz)
    ) as packed
    where packed.at is not null
    """
)


async def load_path_ends(conn: AsyncConnection, *, only: str | None = None) -> dict[str, PathEnds]:
    """By account; an account without a snapshot has no entry."""
    rows = await conn.execute(_ENDS, {"only": only})
    return {row.id: _ends(row) for row in rows}


async def load_paths(
    conn: AsyncConnection, stretches: Sequence[PathStretch]
) -> dict[str, EquityPath]:
    """By account, the snapshots of its stretch; an account without any in it has no entry."""
    rows = await conn.execute(
        _PATHS,
        {
            "accounts": [stretch.account_id for stretch in stretches],
            "afters": [stretch.after for stretch in stretches],
            "untils": [stretch.until for stretch in stretches],
        },
    )
    return {row.account_id: _path(row) for row in rows}


def _ends(row: Row[Any]) -> PathEnds:
    return PathEnds(
        first=EquityReading(
            at=row.first_at, equity=row.first_equity, transfers=row.first_transfers
        ),
        last=EquityReading(at=row.last_at, equity=row.last_equity, transfers=row.last_transfers),
    )


def _path(row: Row[Any]) -> EquityPath:
    equity = np.frombuffer(row.equity, dtype=">f8").astype(np.float64)
    before_flow = np.frombuffer(row.before_flow, dtype=">f8").astype(np.float64)
    return EquityPath(
        at=np.frombuffer(row.at, dtype=">i8").astype(np.int64) + _POSTGRES_EPOCH,
        equity=equity,
        before_flow=np.where(np.isnan(before_flow), equity, before_flow),
        gross_exposure=np.frombuffer(row.gross_exposure, dtype=">f8").astype(np.float64),
    )
