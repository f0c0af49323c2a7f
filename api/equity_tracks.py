"""Tracks of equity that the process keeps, so that a request reads only what is new.

The figures of a year need every snapshot of it, but one that is two days old changes no more. So the
track of each account is kept up to a midnight at least a day before its newest snapshot, and each
request extends it by the rest. What is kept is never the truth: a restart reads it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.views.accounts import AccountView
from adapters.store.views.equity_paths import PathEnds, PathStretch, load_paths
from trading.performance.path import DAY_US, EquityPath, to_instant, to_microseconds
from trading.performance.records import EquityReading
from trading.performance.track import EquityTrack, begin_track, extend_track
from trading.timeframes import Timeframe
from trading.units import to_float

_SHORT = timedelta(days=3)
"""Stretches up to this length are read together, longer ones one by one for the memory they take."""
_TICK_US = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackOrigin:
    """What a track begins with; a kept track of another origin is of another account."""

    first: EquityReading
    """The oldest snapshot."""
    initial_equity: Decimal
    expected: timedelta | None
    """Interval of the account's decisions: what a missing snapshot is told by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    account_id: str
    origin: TrackOrigin
    kept: EquityTrack | None
    until: datetime

    @property
    def after(self) -> datetime | None:
        return None if self.kept is None else to_instant(int(self.kept.last.at[0]))

    @property
    def is_short(self) -> bool:
        return self.until - (self.after or self.origin.first.at) <= _SHORT


class EquityTracks:
    """One track per account, all of one store."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[TrackOrigin, EquityTrack]] = {}

    async def load(
        self, conn: AsyncConnection, accounts: Sequence[AccountView], ends: Mapping[str, PathEnds]
    ) -> dict[str, EquityTrack]:
        """The track of each account that has a snapshot, up to the newest one in `ends`."""
        wanted = [self._wanted(each, ends[each.id]) for each in accounts if each.id in ends]
        found: dict[str, EquityTrack] = {}
        for group in _groups(wanted):
            stretches = [
                PathStretch(account_id=each.account_id, after=each.after, until=each.until)
                for each in group
            ]
            paths = await load_paths(conn, stretches)
            # A year at once is work for milliseconds that nobody else should wait for.
            found |= await asyncio.to_thread(self._extend_all, group, paths)
        return found

    def _wanted(self, account: AccountView, ends: PathEnds) -> _Wanted:
        origin = TrackOrigin(
            first=ends.first,
            initial_equity=account.initial_equity,
            expected=Timeframe(account.interval).length if account.interval else None,
        )
        known, kept = self._kept.get(account.id, (None, None))
        return _Wanted(
            account_id=account.id,
            origin=origin,
            kept=kept if known == origin else None,
            until=ends.last.at,
        )

    def _extend_all(
        self, group: Sequence[_Wanted], paths: Mapping[str, EquityPath]
    ) -> dict[str, EquityTrack]:
        found: dict[str, EquityTrack] = {}
        for each in group:
            path = paths.get(each.account_id)
            if path is not None and each.kept is None:
                path = from_the_start(path, each.origin)
            settled, rest = _split(path, to_microseconds(each.until))
            track = _extended(each.kept, settled, each.origin)
            if track is not None:
                self._kept[each.account_id] = (each.origin, track)
            newest = _extended(track, rest, each.origin)
            if newest is not None:
                found[each.account_id] = newest
        return found


def from_the_start(path: EquityPath, origin: TrackOrigin) -> EquityPath:
    """The path from the account's starting equity on, which was there before any transfer.

    It takes the place of the first snapshot, so no day is counted for it; a snapshot that is alone
    stays and is preceded by it. A first snapshot that already holds a fee is a loss from then on.
    """
    start, paid_in = to_float(origin.initial_equity), to_float(origin.first.transfers)
    equity, before_flow = path.equity.copy(), path.before_flow.copy()
    if len(path) > 1:
        equity[0] = before_flow[0] = start
        before_flow[1] -= paid_in
        at, gross = path.at, path.gross_exposure
    else:
        before_flow[0] -= paid_in
        at = np.concatenate((path.at - _TICK_US, path.at))
        equity = np.concatenate(([start], equity))
        before_flow = np.concatenate(([start], before_flow))
        gross = np.concatenate(([0.0], path.gross_exposure))
    return EquityPath(at=at, equity=equity, before_flow=before_flow, gross_exposure=gross)


def _groups(wanted: Sequence[_Wanted]) -> Iterator[Sequence[_Wanted]]:
    """Short stretches together, then the long ones."""
    short = [each for each in wanted if each.is_short]
    if short:
        yield short
    yield from ([each] for each in wanted if not each.is_short)


def _split(path: EquityPath | None, newest: int) -> tuple[EquityPath | None, EquityPath | None]:
    """What is settled, and the rest: a cycle that is tried again replaces its snapshot."""
    if path is None:
        return None, None
    midnight = (newest // DAY_US - 1) * DAY_US
    settled = int(np.searchsorted(path.at, midnight, side="right"))
    return path.part(0, settled), path.part(settled, len(path))


def _extended(
    track: EquityTrack | None, path: EquityPath | None, origin: TrackOrigin
) -> EquityTrack | None:
    if path is None:
        return track
    if track is None:
        return begin_track(path, expected=origin.expected)
    return extend_track(track, path)
