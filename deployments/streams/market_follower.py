"""Keeps the arena's prices fresh: newest quotes, closed minutes, and a message for the dashboard.

Written once a second for all symbols together, newest only. Which symbols: what active accounts may
trade or hold, and the benchmark's. Candles that were missed are read by REST, at the lowest priority.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from sqlalchemy import Engine

from adapters.store.candles import CandleRun
from adapters.store.in_thread import in_thread
from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.streams.connection import Gap
from adapters.venues.aster.streams.market_events import ClosedCandle
from adapters.venues.aster.streams.market_stream import MarketNews, MarketStream
from deployments.streams.board import Board
from deployments.streams.market_store import MarketStore
from deployments.streams.missing_candles import MissingCandles
from deployments.streams.repeating import in_one_line, log, repeat
from deployments.streams.settings import DEFAULTS, ServiceSettings
from trading.candles import Candle, candle_defect
from trading.timeframes import Timeframe


class MarketFollower:
    """The market of one arena; `run` until it is cancelled."""

    def __init__(
        self,
        engine: Engine,
        market: str,
        client: AsterClient,
        settings: ServiceSettings = DEFAULTS,
    ) -> None:
        self._store = MarketStore(engine, market, settings)
        self._missing = MissingCandles(engine, market, client)
        self._address = client.address
        self._settings = settings
        self._board = Board()
        self._candles: list[tuple[str, Candle]] = []
        self._gaps: set[str] = set()
        self._has_gaps = asyncio.Event()

    async def run(self) -> None:
        """A stream that fails is begun anew; the jobs beside it go on."""
        await repeat("following the market", self._settings.first_pause_seconds, self._follow)

    async def _follow(self) -> None:
        settings = self._settings
        async with (
            MarketStream(self._address, settings.market_stream) as news,
            asyncio.TaskGroup() as jobs,
        ):

            async def follow_symbols() -> None:
                symbols = await in_thread(self._store.wanted_symbols)
                await news.follow(symbols)
                self._board.keep_only(symbols)
                self._gaps &= symbols

            jobs.create_task(repeat("choosing symbols", settings.symbols_seconds, follow_symbols))
            jobs.create_task(repeat("writing prices", settings.write_seconds, self._write))
            jobs.create_task(self._fill_gaps())
            jobs.create_task(self._hear_all(news))

    async def _hear_all(self, news: MarketStream) -> None:
        async for record in news:
            self._hear(record)

    def _hear(self, record: MarketNews) -> None:
        match record:
            case Gap():
                self._miss(record.symbols)
            case ClosedCandle():
                self._keep(record.symbol, record.candle)
            case _:
                self._board.note(record)

    def _keep(self, symbol: str, candle: Candle) -> None:
        defect = candle_defect(candle)
        if defect is None:
            self._candles.append((symbol, candle))
        else:
            log.warning("%s: the candle of %s %s; left out", symbol, candle.open_time, defect)

    async def _write(self) -> None:
        quotes = self._board.take()
        candles, self._candles = self._candles, []
        if not quotes and not candles:
            return
        try:
            await in_thread(self._store.write, quotes, _runs(candles))
        except Exception:
            # Candles that could not be written are missing like those that were not heard.
            self._board.put_back({quote.symbol for quote in quotes})
            self._miss({symbol for symbol, _ in candles})
            raise

    def _miss(self, symbols: Iterable[str]) -> None:
        self._gaps.update(symbols)
        if self._gaps:
            self._has_gaps.set()

    async def _fill_gaps(self) -> None:
        while True:
            await self._has_gaps.wait()
            self._has_gaps.clear()
            for symbol in sorted(self._gaps):
                await self._fill(symbol)
            if self._gaps:
                await asyncio.sleep(self._settings.fill_again_seconds)
                self._has_gaps.set()

    async def _fill(self, symbol: str) -> None:
        self._gaps.discard(symbol)
        try:
            candles = await self._missing.fetch(symbol)
        except Exception as error:  # noqa: BLE001 - venue or store: both come back
            log.warning("%s: missing candles are asked for again: %s", symbol, in_one_line(error))
            self._gaps.add(symbol)
            return
        for candle in candles:
            self._keep(symbol, candle)


def _runs(candles: Iterable[tuple[str, Candle]]) -> list[CandleRun]:
    by_symbol: dict[str, dict[object, Candle]] = {}
    for symbol, candle in candles:
        by_symbol.setdefault(symbol, {}).setdefault(candle.open_time, candle)
    return [
        CandleRun(symbol, Timeframe.M1, tuple(found.values()))
        for symbol, found in by_symbol.items()
    ]
