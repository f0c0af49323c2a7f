"""Equity curves, thinned for drawing, and single points of them for changes.

Thinning keeps the lowest and the highest snapshot of each bucket at their own instants, so that no
peak and no drawdown disappears from a chart; a line that fits is not thinned at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.tables import equity_snapshots
from trading.performance.records import EquityReading


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """First and last snapshot of a line and how many there are."""

    first: datetime
    last: datetime
    count: int


async def load_spans(
    conn: AsyncConnection, *, since: datetime | None = None, only: str | None = None
) -> dict[str, Span]:
    """By account; an account without a snapshot in the range has no entry."""
    at = equity_snapshots.c.at
    query = select(
        equity_snapshots.c.account_id,
        func.min(at).label("first"),
        func.max(at).label("last"),
        func.count().label("count"),
    ).group_by(equity_snapshots.c.account_id)
    if since is not None:
        query = query.where(at >= since)
    if only is not None:
        query = query.where(equity_snapshots.c.account_id == only)
    return {
        row.account_id: Span(first=row.first, last=row.last, count=row.count)
        for row in await conn.execute(query)
    }


# min() and max() of an array compare element by element: the lowest equity with its own instant,
# in one pass and without a sort.
_THINNED = text(
    """
    with bucketed as (
        select account_id,
               array[equity, extract(epoch from at), transfers] as point,
               floor((extract(epoch from at) - extract(epoch from cast(:first as timestamptz)))
                     / cast(:width as numeric)) as bucket,
               at
        from app.equity_snapshots
        where at >= :first and account_id = any(:accounts)
    )
    select account_id, min(point) as low, max(point) as high,
           max(array[extract(epoch from at), point[1], point[3]]) as newest
    from bucketed group by account_id, bucket
    """
)


async def load_curves(
    conn: AsyncConnection, spans: dict[str, Span], *, max_points: int
) -> dict[str, tuple[EquityReading, ...]]:
    """Points of each line by account, oldest first, at most `max_points` (even, > 3) a line."""
    if not spans:
        return {}
    first = min(span.first for span in spans.values())
    if max(span.count for span in spans.values()) <= max_points:
        return await _whole_curves(conn, spans, first)
    last = max(span.last for span in spans.values())
    buckets = max_points // 2 - 1
    width = (last - first).total_seconds() / buckets
    rows = await conn.execute(_THINNED, {"first": first, "width": width, "accounts": list(spans)})
    points: dict[str, set[EquityReading]] = defaultdict(set)
    newest: dict[str, EquityReading] = {}
    for row in rows:
        points[row.account_id] |= {_point(*row.low), _point(*row.high)}
        epoch, equity, transfers = row.newest
        candidate = _point(equity, epoch, transfers)
        known = newest.get(row.account_id)
        if known is None or known.at < candidate.at:
            newest[row.account_id] = candidate
    return {
        account_id: tuple(sorted(found | {newest[account_id]}, key=lambda point: point.at))
        for account_id, found in points.items()
    }


async def _whole_curves(
    conn: AsyncConnection, spans: dict[str, Span], first: datetime
) -> dict[str, tuple[EquityReading, ...]]:
    columns = equity_snapshots.c
    rows = await conn.execute(
        select(columns.account_id, columns.at, columns.equity, columns.transfers)
        .where(columns.at >= first, columns.account_id.in_(tuple(spans)))
        .order_by(columns.account_id, columns.at)
    )
    points: dict[str, list[EquityReading]] = defaultdict(list)
    for account_id, at, equity, transfers in rows:
        points[account_id].append(EquityReading(at=at, equity=equity, transfers=transfers))
    return {account_id: tuple(line) for account_id, line in points.items()}


def _point(equity: Decimal, epoch: Decimal, transfers: Decimal) -> EquityReading:
    whole, fraction = divmod(epoch, 1)
    at = datetime.fromtimestamp(int(whole), UTC) + timedelta(microseconds=int(fraction * 10**6))
    return EquityReading(at=at, equity=equity, transfers=transfers)


_EARLIER = text(
    """
    select spans.account_id, earlier.at, earlier.equity, earlier.transfers
    from unnest(cast(:accounts as text[]), cast(:instants as timestamptz[]))
         as spans(account_id, instant)
    cross join lateral (
        select at, equity, transfers from app.equity_snapshots
        where account_id = spans.account_id and at <= spans.instant
          and at > spans.instant - cast(:tolerance as interval)
        order by at desc limit 1
    ) as earlier
    """
)


async def load_earlier_readings(
    conn: AsyncConnection, instants: Mapping[str, datetime], *, tolerance: timedelta
) -> dict[str, EquityReading]:
    """By account, the newest snapshot at its instant or before it, if one is within `tolerance`."""
    rows = await conn.execute(
        _EARLIER,
        {
            "accounts": list(instants),
            "instants": list(instants.values()),
            "tolerance": tolerance,
        },
    )
    return {
        account_id: EquityReading(at=at, equity=equity, transfers=transfers)
        for account_id, at, equity, transfers in rows
    }
