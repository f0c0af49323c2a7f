"""Reading the market at an instant: from memory, else from the store, else from the market itself.

A pass of the collector answers for everybody: what it found wrong is wrong for this account too,
without asking the market again. A series with a gap is read again in full, once, before the gap is
believed. Whatever cannot be read is a named problem of its instrument and stops nobody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from adapters.store.candles import CandleRun, WantedRun, load_candles
from adapters.store.in_thread import in_thread
from adapters.store.market_passes import MarketPass
from tasks.market_memory import KnownSeries, MarketMemory
from tasks.market_wants import SeriesKey, Wants
from trading.candle_series import CandleSeries, build_series
from trading.errors import BadMarketData, WeightRefused
from trading.market import Quote

Answer = CandleSeries | BadMarketData


@dataclass(frozen=True, slots=True)
class Reading:
    """The market as it was read at `at`; defects are values."""

    at: datetime
    quotes: Mapping[str, Quote | BadMarketData]
    series: Mapping[SeriesKey, Answer]


def covers(found: MarketPass, wants: Wants) -> bool:
    """Whether a pass has all that is wanted, or says why it must not be used."""
    return all(symbol in found.quotes for symbol in wants.symbols) and all(
        key in found.series and found.series[key].asked >= count
        for key, count in wants.series.items()
    )


async def read_pass(
    engine: Engine, memory: MarketMemory, wants: Wants, at: datetime, found: MarketPass
) -> Reading:
    """What the collector has read, from memory and the store only; `found` covers the wants."""
    memory.market.remember_quotes(found.quotes, at)
    there = {key: min(count, found.series[key].sound) for key, count in wants.series.items()}
    await load_stored(engine, memory, there, at)
    return Reading(
        at,
        {symbol: found.quotes[symbol] for symbol in wants.symbols},
        {key: _of_pass(memory, key, count, at, found) for key, count in wants.series.items()},
    )


async def read_market(engine: Engine, memory: MarketMemory, wants: Wants, at: datetime) -> Reading:
    """The market itself, asked only for what neither memory nor the store has."""
    quotes = await _quotes(memory, wants, at)
    # A process that has just started finds in the store what others have read before it.
    cold = {key: count for key, count in wants.series.items() if memory.series.get(key) is None}
    await load_stored(engine, memory, cold, at)
    answers = await asyncio.gather(
        *(_series(memory, key, count, at) for key, count in wants.series.items())
    )
    return Reading(at, quotes, dict(zip(wants.series, answers, strict=True)))


async def _quotes(
    memory: MarketMemory, wants: Wants, at: datetime
) -> Mapping[str, Quote | BadMarketData]:
    try:
        return await memory.market.quotes(wants.symbols, at)
    except WeightRefused as refusal:
        return {symbol: BadMarketData(symbol, str(refusal)) for symbol in wants.symbols}


async def _series(memory: MarketMemory, key: SeriesKey, count: int, at: datetime) -> Answer:
    known = memory.series.get(key)
    if known is not None and known.answers(at, count):
        return known.series
    try:
        grown = await _grown(memory, key, known, count, at)
        return grown or await _read_in_full(memory, key, known, count, at)
    except BadMarketData as defect:
        return defect
    except WeightRefused as refusal:
        return BadMarketData(key[0], str(refusal))


async def _grown(
    memory: MarketMemory, key: SeriesKey, known: KnownSeries | None, count: int, at: datetime
) -> CandleSeries | None:
    """The remembered series with its newest candles; None when that does not answer."""
    since = None if known is None else known.goes_on_at(at, count)
    if known is None or since is None:
        return None
    newer = await memory.market.candles_between(*key, since=since, until=at)
    grown = known.grown(newer, are_stored=False)
    if not grown.answers(at, count):
        return None
    memory.keep(key, grown)
    return grown.series


async def _read_in_full(
    memory: MarketMemory, key: SeriesKey, known: KnownSeries | None, count: int, at: datetime
) -> CandleSeries:
    series = build_series(*key, await memory.market.candles(*key, until=at, limit=count))
    memory.keep(
        key,
        KnownSeries(series, count, None) if known is None else known.replaced(series, count),
    )
    return series


async def load_stored(
    engine: Engine, memory: MarketMemory, counts: Mapping[SeriesKey, int], at: datetime
) -> None:
    """Bring series up to date from the store, all of them by one query."""
    lacking = {
        key: count
        for key, count in counts.items()
        if (known := memory.series.get(key)) is None or not known.answers(at, count)
    }
    if not lacking:
        return
    wanted = [_wanted(memory, key, count, at) for key, count in lacking.items()]
    for run in await in_thread(_query, engine, memory.market.name, wanted):
        key = (run.symbol, run.timeframe)
        known = memory.series.get(key)
        if not run.candles:
            continue
        if known is not None and _goes_on(known, run):
            memory.keep(key, known.grown(run.candles, are_stored=True))
        else:
            series = build_series(*key, run.candles)
            memory.keep(key, KnownSeries(series, lacking[key], series.newest))


def _wanted(memory: MarketMemory, key: SeriesKey, count: int, at: datetime) -> WantedRun:
    """Only what is newer than what is known, where that is enough."""
    known, timeframe = memory.series.get(key), key[1]
    since = at - (count + 1) * timeframe.length
    if known is not None:
        since = known.goes_on_at(at, count) or since
    return WantedRun(*key, since=since, until=at, count=count)


def _goes_on(known: KnownSeries, run: CandleRun) -> bool:
    newest = known.series.newest
    return newest is not None and run.candles[0].open_time == newest + run.timeframe.length


def _query(engine: Engine, market: str, wanted: list[WantedRun]) -> list[CandleRun]:
    with engine.connect() as conn:
        return load_candles(conn, market, wanted)


def _of_pass(
    memory: MarketMemory, key: SeriesKey, count: int, at: datetime, found: MarketPass
) -> Answer:
    coverage = found.series[key]
    if count > coverage.sound and coverage.defect is not None:
        return BadMarketData(key[0], coverage.defect)
    there = min(count, coverage.sound)
    if not there:
        return build_series(*key, ())
    known = memory.series.get(key)
    if known is None or not known.answers(at, there):
        return BadMarketData(
            key[0], f"the store has lost {key[1]} candles of the pass at {at:%Y-%m-%dT%H:%MZ}"
        )
    return known.series
