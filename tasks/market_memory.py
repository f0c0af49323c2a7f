"""What one process remembers of a market between runs: series of candles, documents, passes.

Closed candles never change, so a series is read once and then grows by its newest candles. Memory
is bounded: about 400 kB for a series of 500 candles. What is remembered here is never more than the
store or the market would say again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from adapters.market.remembered import RecentlyUsed, RememberedMarket
from adapters.store.candles import CandleRun
from adapters.store.market_passes import MarketPass
from tasks.market_wants import SeriesKey
from trading.candle_series import CandleSeries
from trading.candles import Candle
from trading.indicators.market_document import MarketDocument
from trading.instruments import Instrument

KEPT_SERIES = 96
KEPT_DOCUMENTS = 256
KEPT_PASSES = 8
SLACK = 64
"""Candles kept beyond what was asked for, for a run that stands for an older slot."""


@dataclass(frozen=True, slots=True)
class KnownSeries:
    """A series, how long it may become, and how much of it is in the store."""

    series: CandleSeries
    longest: int
    """The most candles that anybody has asked for."""
    stored_until: datetime | None
    """All sound candles up to this open time are committed; None: nobody knows of any."""

    def answers(self, until: datetime, count: int) -> bool:
        """Whether the last `count` candles closed at `until` are here, the newest one included.

        Fewer never answer, even where the market has no more: only the market can say that.
        """
        series = self.series
        end = series.count_until(until)
        newest = series.timeframe.floor(until) - series.timeframe.length
        is_fresh = end > 0 and series.candles[end - 1].open_time >= newest
        return is_fresh and end - count >= len(series.candles) - series.sound

    def goes_on_at(self, until: datetime, count: int) -> datetime | None:
        """Open time of the first candle that is missing for the last `count` at `until`.

        None where newer candles at the end would not make an answer, or where all are missing.
        """
        series, length = self.series, self.series.timeframe.length
        if series.newest is None:
            return None
        missing = (until - series.newest - length) // length
        if not 0 < missing < count or series.sound + missing < count:
            return None
        return series.newest + length

    def grown(self, newer: Sequence[Candle], *, are_stored: bool) -> KnownSeries:
        """With newer candles at its end, which the store has or not."""
        series = self.series.extended(newer, keep=self.longest + SLACK)
        all_stored = are_stored and self.stored_until == self.series.newest
        return replace(
            self, series=series, stored_until=series.newest if all_stored else self.stored_until
        )

    def replaced(self, series: CandleSeries, count: int) -> KnownSeries:
        """Read again in full; what it has in common with the old one is stored as before."""
        common = self.series.sound and series.sound
        is_within = common and (
            series.sound_candles[0].open_time >= self.series.sound_candles[0].open_time
        )
        return KnownSeries(
            series, max(count, self.longest), self.stored_until if is_within else None
        )


class MarketMemory:
    """One market in this process."""

    def __init__(self, market: RememberedMarket) -> None:
        self.market = market
        self.stored_instruments: tuple[Instrument, ...] = ()
        """As this process has last written them; a venue changes its rules while the arena runs."""
        self.series: RecentlyUsed[SeriesKey, KnownSeries] = RecentlyUsed(KEPT_SERIES)
        self.documents: RecentlyUsed[tuple[str, datetime], MarketDocument] = RecentlyUsed(
            KEPT_DOCUMENTS
        )
        self.passes: RecentlyUsed[datetime, MarketPass] = RecentlyUsed(KEPT_PASSES)
        self.stored_quotes: RecentlyUsed[tuple[str, datetime], datetime] = RecentlyUsed(
            KEPT_DOCUMENTS
        )
        self.stored_stats: RecentlyUsed[tuple[str, datetime], datetime] = RecentlyUsed(
            KEPT_DOCUMENTS
        )

    def keep(self, key: SeriesKey, known: KnownSeries) -> None:
        """Remember a series, unless a newer one is known already."""
        before = self.series.get(key)
        if before is None or _reaches_as_far(known.series, before.series):
            self.series.put(key, known)

    def not_stored(self, keys: Iterable[SeriesKey]) -> list[CandleRun]:
        """Sound candles that the store does not have yet, as far as this process knows."""
        runs: list[CandleRun] = []
        for key in keys:
            known = self.series.get(key)
            if known is None:
                continue
            until = known.stored_until
            fresh = tuple(
                c for c in known.series.sound_candles if until is None or c.open_time > until
            )
            if fresh:
                runs.append(CandleRun(*key, fresh))
        return runs

    def note_stored(self, runs: list[CandleRun]) -> None:
        """The runs are committed."""
        for run in runs:
            known = self.series.get((run.symbol, run.timeframe))
            if known is not None:
                newest = run.candles[-1].open_time
                self.series.put((run.symbol, run.timeframe), replace(known, stored_until=newest))


def _reaches_as_far(newer: CandleSeries, before: CandleSeries) -> bool:
    if before.newest is None:
        return True
    return newer.newest is not None and newer.newest >= before.newest
