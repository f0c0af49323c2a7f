"""The figures of a pair, put together from the store and computed by `trading.performance.twins`.

Both accounts are compared over the same time: from the first round of cycles in which both have a
reading of equity to the newest such round. Their readings of one round lie less than half an
interval apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.views.accounts import AccountView
from adapters.store.views.equity import load_earlier_readings
from adapters.store.views.equity_paths import PathEnds, PathStretch, load_path_ends, load_paths
from api.equity_tracks import TrackOrigin, from_the_start
from trading.performance.growth import compute_gains
from trading.timeframes import Timeframe

_TICK = timedelta(microseconds=1)
_EVER = timedelta(days=36_500)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairReturns:
    """Returns over the time in which both have run; ratios, deposits and withdrawals removed."""

    since: datetime | None
    until: datetime | None
    live: float | None
    paper: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairViews:
    """The two accounts and their oldest and newest readings."""

    live: AccountView
    paper: AccountView
    live_ends: PathEnds | None
    paper_ends: PathEnds | None


async def load_pair_views(
    conn: AsyncConnection, live: AccountView, paper: AccountView
) -> PairViews:
    """The two with the ends of their paths."""
    return PairViews(
        live=live,
        paper=paper,
        live_ends=(await load_path_ends(conn, only=live.id)).get(live.id),
        paper_ends=(await load_path_ends(conn, only=paper.id)).get(paper.id),
    )


async def load_pair_returns(conn: AsyncConnection, pair: PairViews) -> PairReturns:
    """Both returns over the same time; None where one of them has no reading yet."""
    live, paper = pair.live_ends, pair.paper_ends
    if live is None or paper is None:
        return PairReturns(since=None, until=None, live=None, paper=None)
    since = max(live.first.at, paper.first.at)
    until = min(live.last.at, paper.last.at)
    half = _interval_of(pair.paper) / 2
    if until + half < since:  # one stopped before the other began
        return PairReturns(since=None, until=None, live=None, paper=None)
    common = (since - half, until + half)
    return PairReturns(
        since=since,
        until=until,
        live=await _load_return(conn, pair.live, live, common),
        paper=await _load_return(conn, pair.paper, paper, common),
    )


def _interval_of(account: AccountView) -> timedelta:
    return Timeframe(account.interval).length if account.interval else timedelta(0)


async def _load_return(
    conn: AsyncConnection,
    account: AccountView,
    ends: PathEnds,
    common: tuple[datetime, datetime],
) -> float | None:
    """Growth from its starting equity, or from its last reading before the common time."""
    begins_here = ends.first.at >= common[0]
    after = None
    if not begins_here:
        base = await load_earlier_readings(conn, {account.id: common[0]}, tolerance=_EVER)
        after = base[account.id].at - _TICK
    stretch = PathStretch(account_id=account.id, after=after, until=common[1])
    path = (await load_paths(conn, [stretch])).get(account.id)
    if path is None:
        return None
    if begins_here:
        origin = TrackOrigin(first=ends.first, initial_equity=account.initial_equity, expected=None)
        path = from_the_start(path, origin)
    gains = compute_gains(path)
    return None if gains is None else float(gains[-1])
