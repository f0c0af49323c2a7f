"""A track: everything that the figures of an account need of its readings, and no reading more.

It is extended reading by reading or a year at once with the same result, so whoever keeps one only
has to read what is new. A track whose growth is not defined (money earned without money) stays so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from trading.candles import FloatArray
from trading.errors import InvalidRecord
from trading.performance.drawdown import DrawdownState, extend_drawdown
from trading.performance.exposure import ExposureState, extend_exposure
from trading.performance.gaps import Gaps, extend_gaps, find_gaps
from trading.performance.growth import GrowthState, extend_growth, start_growth
from trading.performance.path import SECOND_US, EquityPath, to_instant
from trading.performance.returns import DailyCloses, extend_closes
from trading.performance.total_return import FlowState, extend_flows


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What is only there while growth is defined."""

    state: GrowthState
    drawdown: DrawdownState
    closes: DailyCloses


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityTrack:
    """Readings so far, summed up."""

    expected: timedelta | None
    """Usual distance of two readings; with None no gap is looked for."""
    growth: Growth | None
    """None when it is not defined."""
    flows: FlowState
    exposure: ExposureState
    gaps: Gaps
    last: EquityPath
    """The newest reading alone."""


def begin_track(path: EquityPath, *, expected: timedelta | None = None) -> EquityTrack | None:
    """The track of an account's first readings; None without any."""
    if not len(path):
        return None
    start = path.part(0, 1)
    track = EquityTrack(
        expected=expected,
        growth=_first_growth(start),
        flows=extend_flows(None, start),
        exposure=ExposureState(),
        gaps=Gaps(),
        last=start,
    )
    return extend_track(track, path.part(1, len(path)))


def extend_track(track: EquityTrack, path: EquityPath) -> EquityTrack:
    """The track after later readings; the same track without any.

    Raises
    ------
    InvalidRecord
        The readings do not follow those of the track.
    """
    if not len(path):
        return track
    return replace(
        _with_steps(track, path),
        growth=_next_growth(track.growth, path),
        flows=extend_flows(track.flows, path),
        last=path.part(len(path) - 1, len(path)),
    )


def _first_growth(start: EquityPath) -> Growth | None:
    state = start_growth(start)
    if state is None:
        return None
    nothing = np.zeros(1)
    return Growth(
        state=state,
        drawdown=extend_drawdown(None, start.at, nothing),
        closes=extend_closes(None, start.at, nothing),
    )


def _next_growth(growth: Growth | None, path: EquityPath) -> Growth | None:
    grown = None if growth is None else extend_growth(growth.state, path)
    if growth is None or grown is None:
        return None
    gains, state = grown
    return Growth(
        state=state,
        drawdown=extend_drawdown(growth.drawdown, path.at, gains),
        closes=extend_closes(growth.closes, path.at, gains),
    )


def _with_steps(track: EquityTrack, path: EquityPath) -> EquityTrack:
    """Exposure and gaps: they are about the time between readings, the newest one's included."""
    at = np.concatenate((track.last.at, path.at))
    seconds: FloatArray = np.diff(at) / SECOND_US
    if seconds[0] <= 0.0:
        raise InvalidRecord(
            f"equity readings are not in order: {to_instant(int(at[1])).isoformat()} does not"
            f" follow {to_instant(int(at[0])).isoformat()}; extend a track with later ones only"
        )
    is_gap = find_gaps(seconds, track.expected)
    return replace(
        track,
        exposure=extend_exposure(
            track.exposure,
            np.concatenate((track.last.equity, path.equity[:-1])),
            np.concatenate((track.last.gross_exposure, path.gross_exposure[:-1])),
            np.where(is_gap, 0.0, seconds),
        ),
        gaps=extend_gaps(track.gaps, at[:-1], at[1:], is_gap),
    )
