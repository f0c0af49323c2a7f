"""The tools of an account's model: it may look closer at the markets of its cycle, and only look.

Everything is as of the cycle: candles closed at its time, readings not later than it. Series that the
cycle has not read are read once per cycle, from memory, the store or the market, and are stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Engine

from adapters.llm.messages import Tool
from adapters.llm.tools import RunTool
from adapters.store.candles import CandleRun, save_candles
from adapters.store.in_thread import in_thread
from adapters.store.market_stats import load_open_interest
from tasks.cycle import Cycle
from tasks.market_memory import MarketMemory
from tasks.market_reading import Reading, load_stored, read_market
from tasks.market_views import Markets, coverage_of, fresh_window
from tasks.market_wants import SeriesKey, Wants
from tasks.resources import memory_of, store_engine
from trading.candles import CandleWindow
from trading.decision.tools.answers import (
    InterestReading,
    answer_candles,
    answer_indicator,
    answer_open_interest,
)
from trading.decision.tools.catalogue import MOST_CANDLES
from trading.decision.tools.requests import (
    CandlesRequest,
    IndicatorRequest,
    Offer,
    OpenInterestRequest,
    read_request,
    specifications,
)
from trading.errors import BadMarketData
from trading.market import MarketView
from trading.timeframes import Timeframe


def tools_for(cycle: Cycle, markets: Markets) -> tuple[tuple[Tool, ...], RunTool]:
    """The tools of one decision, and what runs them; without a usable market there are none.

    What is run raises `TradingError` for what cannot be answered: its message is for the model.
    """
    memory = memory_of(cycle.arena)
    views = {view.instrument.base: view for view in markets}
    offer = Offer(assets=tuple(views), timeframes=_timeframes(memory.market.base_timeframe))
    look = _Look(cycle, memory, views)

    async def run_tool(name: str, arguments: Mapping[str, object]) -> str:
        request = read_request(name, arguments, offer)
        match request:
            case IndicatorRequest():
                # Always over the longest run, so that a value does not depend on what else was read.
                return answer_indicator(
                    request, await look.longest(request.asset, request.timeframe)
                )
            case CandlesRequest():
                window = await look.at_least(request.asset, request.timeframe, request.last)
                return answer_candles(request, window)
            case OpenInterestRequest():
                return answer_open_interest(
                    request, await look.open_interest(request.asset, request.last)
                )

    tools = tuple(
        Tool(name=each.name, description=each.description, parameters=each.parameters)
        for each in specifications(offer)
    )
    return tools, run_tool


class _Look:
    """What the tools of one cycle have read; series are read once."""

    def __init__(self, cycle: Cycle, memory: MarketMemory, views: Mapping[str, MarketView]) -> None:
        self._cycle = cycle
        self._memory = memory
        self._views = views
        self._windows: dict[SeriesKey, CandleWindow] = {}

    async def at_least(self, asset: str, timeframe: Timeframe, count: int) -> CandleWindow:
        """A window of `count` candles, or as many as there are; that of the view where it suffices."""
        window = self._views[asset].windows.get(timeframe)
        if window is not None and len(window) >= count:
            return window
        return await self.longest(asset, timeframe)

    async def longest(self, asset: str, timeframe: Timeframe) -> CandleWindow:
        """The last `MOST_CANDLES`, or the longest run without a gap among them."""
        key = (self._views[asset].symbol, timeframe)
        if key not in self._windows:
            self._windows[key] = await self._read(key)
        return self._windows[key]

    async def open_interest(self, asset: str, count: int) -> tuple[InterestReading, ...]:
        """The newest stored readings."""
        found = await in_thread(
            _open_interest,
            store_engine(),
            self._memory.market.name,
            self._views[asset].symbol,
            self._cycle.as_of,
            count,
        )
        return tuple(InterestReading(at, quantity) for at, quantity in found)

    async def _read(self, key: SeriesKey) -> CandleWindow:
        engine, memory = store_engine(), self._memory
        wants = Wants((), {key: MOST_CANDLES})
        # What the cycle has read is shorter: the store may have the rest of it, and costs no weight.
        await load_stored(engine, memory, wants.series, self._cycle.as_of)
        reading = await read_market(engine, memory, wants, self._cycle.as_of)
        window = _sound_window(reading, key)
        runs = memory.not_stored((key,))
        if runs:
            await in_thread(_save, engine, memory.market.name, runs)
            memory.note_stored(runs)
        return window


def _sound_window(reading: Reading, key: SeriesKey) -> CandleWindow:
    """A gap far back shortens the window; one at its end, or no candle at all, is the refusal."""
    coverage = coverage_of(reading, key, MOST_CANDLES)
    if coverage.sound:
        return fresh_window(reading, key, coverage.sound)
    raise BadMarketData(key[0], coverage.defect or f"no closed {key[1]} candle yet")


def _timeframes(base: Timeframe) -> tuple[Timeframe, ...]:
    """Those that can be made of the market's candles."""
    return tuple(each for each in Timeframe if each.seconds % base.seconds == 0)


def _open_interest(
    engine: Engine, market: str, symbol: str, until: datetime, count: int
) -> tuple[tuple[datetime, Decimal], ...]:
    with engine.connect() as conn:
        return load_open_interest(conn, market, symbol, until=until, limit=count)


def _save(engine: Engine, market: str, runs: list[CandleRun]) -> None:
    with engine.begin() as conn:
        save_candles(conn, market, runs)
