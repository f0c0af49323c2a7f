"""From a reading of the market to what rules look at: views, documents, named problems.

A gap, a stale or a crossed series is a problem of its instrument: it stops entries, never exits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from adapters.store.market_passes import Coverage
from tasks.market_memory import MarketMemory
from tasks.market_reading import Answer, Reading
from tasks.market_wants import SeriesKey, Wants
from trading.candles import CandleWindow
from trading.errors import BadMarketData
from trading.indicators.market_document import (
    DOCUMENT_CANDLES,
    MarketDocument,
    build_market_document,
)
from trading.instruments import Instrument
from trading.market import MarketView, Quote
from trading.scanner.ranking import ScanResult
from trading.timeframes import Timeframe


class Markets:
    """Views and problems by symbol. A plain class, so that Prefect does not walk its candles."""

    def __init__(
        self,
        reading: Reading,
        views: dict[str, MarketView],
        problems: dict[str, str],
        *,
        is_shared: bool,
    ) -> None:
        self.reading = reading
        self.views = views
        self.problems = problems
        self.is_shared = is_shared
        """Whether a pass of the collector was read: then all of it is in the store."""
        self.scan: ScanResult | None = None
        """Of an account that scans: then the views are its choice."""

    def __iter__(self) -> Iterator[MarketView]:
        return iter(self.views.values())


def build_markets(
    reading: Reading, wants: Wants, instruments: Mapping[str, Instrument], *, is_shared: bool
) -> Markets:
    """One view for each wanted instrument with usable data, and why the others have none."""
    views: dict[str, MarketView] = {}
    problems: dict[str, str] = {}
    for symbol in wants.symbols:
        try:
            views[symbol] = MarketView(
                instrument=instruments[symbol],
                quote=_usable(reading.quotes[symbol]),
                windows={
                    timeframe: fresh_window(reading, (symbol, timeframe), count)
                    for timeframe, count in wants.of(symbol).items()
                },
            )
        except BadMarketData as error:
            problems[symbol] = error.reason
    return Markets(reading, views, problems, is_shared=is_shared)


def document_of(memory: MarketMemory, reading: Reading, view: MarketView) -> MarketDocument:
    """The market document of an instrument, built once in a process for each instant.

    It looks at `DOCUMENT_CANDLES` however many the strategy reads, so that it is the same for all.
    """
    key = (view.symbol, reading.at)
    known = memory.documents.get(key)
    if known is None:
        windows = {
            timeframe: fresh_window(reading, (view.symbol, timeframe), count)
            for timeframe, count in DOCUMENT_CANDLES.items()
            if timeframe in view.windows
        }
        known = build_market_document(
            MarketView(instrument=view.instrument, quote=view.quote, windows=windows)
        )
        memory.documents.put(key, known)
    return known


def coverage_of(reading: Reading, key: SeriesKey, count: int) -> Coverage:
    """What a pass can promise of one series, and why not more."""
    answer = reading.series[key]
    try:
        series = _usable(answer)
        sound = series.sound - (len(series.candles) - series.count_until(reading.at))
        known = min(count, max(0, sound))
        fresh_window(reading, key, known)
    except BadMarketData as error:
        return Coverage(asked=count, sound=0, defect=error.reason)
    try:
        fresh_window(reading, key, count)
    except BadMarketData as error:
        return Coverage(asked=count, sound=known, defect=error.reason)
    return Coverage(asked=count, sound=known, defect=None)


def fresh_window(reading: Reading, key: SeriesKey, count: int) -> CandleWindow:
    """The last `count` candles that are closed at the reading's instant.

    Raises `BadMarketData` with the first defect among them, and when the newest is missing.
    """
    window = _usable(reading.series[key]).window(reading.at, count)
    _require_fresh(window, key[1], reading.at)
    return window


def _require_fresh(window: CandleWindow, timeframe: Timeframe, at: datetime) -> None:
    """The last closed candle must be the one that ended last; anything older is stale."""
    if not len(window):
        raise BadMarketData(window.symbol, f"no closed {timeframe} candle yet")
    newest = timeframe.floor(at)
    if window.closed_at < newest:
        raise BadMarketData(
            window.symbol,
            f"the last closed {timeframe} candle ended {newest - window.closed_at} too early",
        )


def _usable(answer: Quote | Answer) -> Any:
    if isinstance(answer, BadMarketData):
        raise answer.with_traceback(None)
    return answer
