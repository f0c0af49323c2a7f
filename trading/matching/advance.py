"""Moving the book forward in market time: candles and funding of all symbols, in time order.

An event counts at the instant it is complete: a candle at its close, funding at its instant, after
the candles that close there and before those that open. At one instant symbols go by name. So any
split of the same stretch into calls gives the same book. Candles that touch nothing are skipped.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from trading.candles import Candle
from trading.instruments import Instrument
from trading.market import FundingRate
from trading.matching.candle_walk import match_candle
from trading.matching.funding import pay_funding
from trading.matching.levels import Touch, touch_of
from trading.orders import PriceKind
from trading.paper_book import BookState, VenueEvent
from trading.timeframes import Timeframe

_CANDLE, _FUNDING = 0, 1


@dataclass(slots=True, kw_only=True)
class _Track:
    """What is still to come for one symbol; the two indices only ever grow."""

    instrument: Instrument
    candles: Sequence[Candle]
    fundings: Sequence[FundingRate]
    marks: Mapping[datetime, Candle]
    length: timedelta
    next_candle: int = 0
    next_funding: int = 0


_Upcoming = tuple[datetime, int, str, _Track]


def advance(
    state: BookState,
    *,
    candles_by_symbol: Mapping[str, Sequence[Candle]],
    fundings_by_symbol: Mapping[str, Sequence[FundingRate]],
    timeframe: Timeframe,
    until: datetime,
    instruments: Mapping[str, Instrument],
    marks_by_symbol: Mapping[str, Sequence[Candle]] | None = None,
) -> tuple[BookState, list[VenueEvent]]:
    """Match everything after `matched_until` that is complete at `until`, and set it to `until`.

    Candles and funding are oldest first; those outside the stretch are ignored, so overlapping
    data does no harm, and a gap is simply passed over. Where there is no mark candle for a candle
    the traded prices decide. An `until` in the past changes nothing.
    """
    events: list[VenueEvent] = []
    if until <= state.matched_until:
        return state, events
    tracks = [
        _track(
            instruments[symbol],
            candles_by_symbol.get(symbol, ()),
            fundings_by_symbol.get(symbol, ()),
            marks=(marks_by_symbol or {}).get(symbol, ()),
            length=timeframe.length,
            after=state.matched_until,
            until=until,
        )
        for symbol in sorted({*candles_by_symbol, *fundings_by_symbol})
    ]
    while (upcoming := _first(state, tracks, instruments)) is not None:
        state, more = _apply(state, upcoming, instruments)
        events += more
    return replace(state, matched_until=until), events


def _track(
    instrument: Instrument,
    candles: Sequence[Candle],
    fundings: Sequence[FundingRate],
    *,
    marks: Sequence[Candle],
    length: timedelta,
    after: datetime,
    until: datetime,
) -> _Track:
    opened = [bisect_right(candles, at - length, key=_open_time) for at in (after, until)]
    paid = [bisect_right(fundings, at, key=_paid_at) for at in (after, until)]
    return _Track(
        instrument=instrument,
        candles=candles[opened[0] : opened[1]],
        fundings=fundings[paid[0] : paid[1]],
        marks={mark.open_time: mark for mark in marks},
        length=length,
    )


def _open_time(candle: Candle) -> datetime:
    return candle.open_time


def _paid_at(rate: FundingRate) -> datetime:
    return rate.at


def _first(
    state: BookState, tracks: list[_Track], instruments: Mapping[str, Instrument]
) -> _Upcoming | None:
    upcoming: list[_Upcoming] = []
    for track in tracks:
        symbol = track.instrument.symbol
        _skip_untouched(track, touch_of(state, track.instrument, instruments))
        if track.next_candle < len(track.candles):
            closes_at = track.candles[track.next_candle].open_time + track.length
            upcoming.append((closes_at, _CANDLE, symbol, track))
        if track.next_funding < len(track.fundings):
            upcoming.append((track.fundings[track.next_funding].at, _FUNDING, symbol, track))
    return min(upcoming, key=lambda entry: entry[:3], default=None)


def _skip_untouched(track: _Track, touch: Touch) -> None:
    """Move to the next candle that reaches a level.

    Only an event of the symbol itself changes its levels, so nothing between can matter. In cross
    mode others change them too: there every candle is an event.
    """
    if touch.always:
        return
    candles, index, end = track.candles, track.next_candle, len(track.candles)
    # Without mark candles one look at the traded prices answers for both.
    kinds = (PriceKind.LAST,) if track.marks else tuple(PriceKind)
    below, above = touch.bounds(*kinds)
    if not touch.nearest:
        index = end
    while index < end:
        candle = candles[index]
        if (below is not None and candle.low <= below) or (
            above is not None and candle.high >= above
        ):
            break
        if track.marks and _is_mark_touched(track.marks.get(candle.open_time, candle), touch):
            break
        index += 1
    track.next_candle = index


def _is_mark_touched(mark: Candle, touch: Touch) -> bool:
    below, above = touch.bounds(PriceKind.MARK)
    return (below is not None and mark.low <= below) or (above is not None and mark.high >= above)


def _apply(
    state: BookState, upcoming: _Upcoming, instruments: Mapping[str, Instrument]
) -> tuple[BookState, list[VenueEvent]]:
    at, kind, _, track = upcoming
    if kind == _FUNDING:
        rate = track.fundings[track.next_funding]
        track.next_funding += 1
        return pay_funding(state, rate)
    candle = track.candles[track.next_candle]
    track.next_candle += 1
    return match_candle(
        state,
        track.instrument,
        candle,
        closes_at=at,
        mark=track.marks.get(candle.open_time),
        instruments=instruments,
    )
