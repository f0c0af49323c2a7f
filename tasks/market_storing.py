"""What of a reading the store does not have yet; saved once per process, then remembered as saved.

Only sound candles are stored. Saving something twice changes nothing, so a process that knows less
than the store writes too much at worst, never too little.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from adapters.store.candles import CandleRun, save_candles
from adapters.store.market_stats import save_market_stats, save_quotes
from tasks.market_memory import MarketMemory
from tasks.market_reading import Reading
from trading.indicators.market_document import MarketDocument
from trading.market import Quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Unstored:
    """Rows that are to be written."""

    at: datetime
    runs: list[CandleRun] = field(default_factory=list[CandleRun])
    quotes: list[Quote] = field(default_factory=list[Quote])
    stats: list[Quote] = field(default_factory=list[Quote])
    documents: Mapping[str, MarketDocument] = field(default_factory=dict[str, MarketDocument])

    def __bool__(self) -> bool:
        return bool(self.runs or self.quotes or self.stats)


def unstored_prices(memory: MarketMemory, reading: Reading) -> Unstored:
    """Candles and quotes."""
    quotes = _quotes(reading)
    return Unstored(
        at=reading.at,
        runs=memory.not_stored(reading.series),
        quotes=[q for q in quotes if not memory.stored_quotes.get((q.symbol, reading.at))],
    )


def unstored_stats(
    memory: MarketMemory, reading: Reading, documents: Mapping[str, MarketDocument]
) -> Unstored:
    """Figures of the instant with the market documents of usable instruments."""
    quotes = [quote for quote in _quotes(reading) if quote.symbol in documents]
    return Unstored(
        at=reading.at,
        stats=[q for q in quotes if not memory.stored_stats.get((q.symbol, reading.at))],
        documents=documents,
    )


def save_unstored(conn: Connection, market: str, unstored: Unstored) -> int:
    """Write it; how many candles were new to the store."""
    added = save_candles(conn, market, unstored.runs)
    save_quotes(conn, market, unstored.quotes)
    save_market_stats(conn, market, unstored.at, unstored.stats, unstored.documents)
    return added


def note_stored(memory: MarketMemory, unstored: Unstored) -> None:
    """After the commit, never before: what was rolled back has to be written again."""
    memory.note_stored(unstored.runs)
    for quote in unstored.quotes:
        memory.stored_quotes.put((quote.symbol, unstored.at), unstored.at)
    for quote in unstored.stats:
        memory.stored_stats.put((quote.symbol, unstored.at), unstored.at)


def _quotes(reading: Reading) -> list[Quote]:
    return [quote for quote in reading.quotes.values() if isinstance(quote, Quote)]
