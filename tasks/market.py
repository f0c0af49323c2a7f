"""Market data of a cycle: closed candles and one quote per asset, all as of the cycle's time.

A gap, a stale or a crossed series is a named problem: it stops entries of that asset, never exits.
What was read is stored, so the dashboard and a later replay see the same candles.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prefect import get_run_logger, task

from adapters.store.candles import newest_open_time, save_candles, save_market_stat, save_quote
from adapters.store.cycles import save_context
from tasks.cycle import Cycle
from tasks.options import READ
from tasks.resources import market_of, store_engine
from tasks.story import tell_problem
from trading.candles import Candle, CandleWindow
from trading.errors import BadMarketData
from trading.indicators.market_document import DOCUMENT_CANDLES, build_market_document
from trading.instruments import Instrument
from trading.market import MarketView
from trading.ports import MarketSource
from trading.risk.stop_distance import STOP_TIMEFRAME
from trading.strategies.catalogue import find_strategy
from trading.timeframes import Timeframe

CONTEXT_CANDLES = {**DOCUMENT_CANDLES, STOP_TIMEFRAME: 50}
"""What every cycle reads: the market document of seed 002 section 5.3, and the default stop."""
BENCHMARK_ASSET = "BTC"
"""Its candles are stored whatever the account trades: the arena is compared with holding it."""


class Markets:
    """Views and problems by symbol. A plain class, so that Prefect does not walk its candles."""

    def __init__(self, views: dict[str, MarketView], problems: dict[str, str]) -> None:
        self.views = views
        self.problems = problems

    def __iter__(self) -> Iterator[MarketView]:
        return iter(self.views.values())


@task(name="fetch_klines", **READ)
async def fetch_klines(cycle: Cycle) -> Markets:
    """Candles and quotes of the account's assets, stored as they were read."""
    market = market_of(cycle.arena)
    instruments = {i.base: i for i in await market.instruments()}
    wanted = dict(CONTEXT_CANDLES)
    for timeframe, count in find_strategy(cycle.account.strategy).timeframes.items():
        wanted[timeframe] = max(count, wanted.get(timeframe, 0))
    views: dict[str, MarketView] = {}
    problems: dict[str, str] = {}
    for asset in cycle.account.assets:
        instrument = instruments[asset]
        try:
            views[instrument.symbol] = await _read_view(cycle, market, instrument, wanted)
        except BadMarketData as error:
            problems[instrument.symbol] = error.reason
    if BENCHMARK_ASSET in instruments and instruments[BENCHMARK_ASSET].symbol not in views:
        await _store_benchmark(cycle, market, instruments[BENCHMARK_ASSET])
    _report(cycle, views, problems)
    return Markets(views, problems)


async def _read_view(
    cycle: Cycle, market: MarketSource, instrument: Instrument, wanted: dict[Timeframe, int]
) -> MarketView:
    symbol = instrument.symbol
    quote = await market.quote(symbol, cycle.as_of)
    windows: dict[Timeframe, CandleWindow] = {}
    for timeframe, count in wanted.items():
        if timeframe.length < market.base_timeframe.length:
            continue  # the market has no finer candles; indicators of that timeframe stay null
        candles = await market.candles(symbol, timeframe, until=cycle.as_of, limit=count)
        windows[timeframe] = CandleWindow(symbol, timeframe, candles)
        _require_fresh(windows[timeframe], cycle)
        _store_candles(cycle, symbol, timeframe, candles)
    with store_engine().begin() as conn:
        save_quote(conn, market.name, quote)
    return MarketView(instrument=instrument, quote=quote, windows=windows)


def _require_fresh(window: CandleWindow, cycle: Cycle) -> None:
    """The last closed candle must be the one that ended last; anything older is stale."""
    if not len(window):
        raise BadMarketData(window.symbol, f"no closed {window.timeframe} candle yet")
    newest = window.timeframe.floor(cycle.as_of)
    if window.closed_at < newest:
        raise BadMarketData(
            window.symbol,
            f"the last closed {window.timeframe} candle ended {newest - window.closed_at} too early",
        )


def _store_candles(
    cycle: Cycle, symbol: str, timeframe: Timeframe, candles: tuple[Candle, ...]
) -> None:
    with store_engine().begin() as conn:
        newest = newest_open_time(conn, cycle.arena.market, symbol, timeframe)
        fresh = tuple(c for c in candles if newest is None or c.open_time > newest)
        save_candles(conn, cycle.arena.market, symbol, timeframe, fresh)


async def _store_benchmark(cycle: Cycle, market: MarketSource, instrument: Instrument) -> None:
    timeframe = max(Timeframe.M5, market.base_timeframe, key=lambda t: t.length)
    try:
        candles = await market.candles(
            instrument.symbol, timeframe, until=cycle.as_of, limit=CONTEXT_CANDLES[Timeframe.M5]
        )
    except BadMarketData:
        return  # the comparison line has a gap there, as the market had
    _store_candles(cycle, instrument.symbol, timeframe, candles)


def _report(cycle: Cycle, views: dict[str, MarketView], problems: dict[str, str]) -> None:
    log = get_run_logger()
    for view in views.values():
        log.info("%s: last %s, mark %s at %s UTC.", view.symbol, view.quote.last, view.quote.mark,
                 f"{view.quote.at:%Y-%m-%d %H:%M:%S}")  # fmt: skip
    with store_engine().begin() as conn:
        for symbol, problem in problems.items():
            log.warning("%s is not traded in this cycle: %s.", symbol, problem)
            tell_problem(conn, cycle, symbol, problem)


@task(name="compute_indicators", **READ)
async def compute_indicators(cycle: Cycle, markets: Markets) -> dict[str, dict[str, Any]]:
    """The market document of seed 002 section 5.3 per asset, stored with the cycle."""
    documents = {view.symbol: build_market_document(view) for view in markets}
    with store_engine().begin() as conn:
        save_context(conn, cycle.id, {"markets": documents, "problems": markets.problems})
        for view in markets:
            save_market_stat(conn, cycle.arena.market, view.quote, documents[view.symbol])
    get_run_logger().info("Computed indicators of %d asset(s).", len(documents))
    return documents
