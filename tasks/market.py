"""Market data of a cycle: closed candles and one quote per asset, all as of the cycle's time.

Read from the collector's pass where there is one, else from the market itself, with the same result.
What was read is stored, so the dashboard and a later replay see the same candles.
"""

from __future__ import annotations

from typing import Any

from prefect import task
from sqlalchemy import Connection

from adapters.store.cycles import save_context
from tasks.cycle import Cycle
from tasks.market_beside import add_beside, beside_of
from tasks.market_memory import MarketMemory
from tasks.market_pass import find_pass, is_due
from tasks.market_reading import covers, read_market, read_pass
from tasks.market_storing import note_stored, save_unstored, unstored_prices, unstored_stats
from tasks.market_views import Markets, build_markets, document_of
from tasks.market_wants import Wants, wants_of
from tasks.options import READ
from tasks.resources import memory_of, store_engine
from tasks.run_log import run_log
from tasks.scanning import narrow_to_scan, tell_new_list
from tasks.story import tell_alone, tell_problem
from trading.indicators.market_document import MarketDocument
from trading.scanner.ranking import scan_document

__all__ = ["Markets", "compute_indicators", "fetch_klines"]


@task(name="fetch_klines", **READ)
async def fetch_klines(cycle: Cycle) -> Markets:
    """Candles and quotes of the account's assets, stored as they were read."""
    memory = memory_of(cycle.arena)
    instruments = await memory.market.instruments()
    wants = wants_of(cycle.account, instruments, memory.market.base_timeframe)
    markets = await _read(cycle, memory, wants, {each.symbol: each for each in instruments})
    narrow_to_scan(cycle, markets)
    markets.views = await add_beside(
        memory.market, markets.views, beside_of(cycle.account), cycle.as_of
    )
    is_alone = not markets.is_shared and is_due(cycle.arena, cycle.slot)
    unstored = None if markets.is_shared else unstored_prices(memory, markets.reading)
    if markets.problems or is_alone or unstored:
        with store_engine().begin() as conn:
            if unstored:
                save_unstored(conn, cycle.arena.market, unstored)
            _tell(conn, cycle, markets, is_alone=is_alone)
        if unstored:
            note_stored(memory, unstored)
    _report(markets)
    return markets


async def _read(
    cycle: Cycle, memory: MarketMemory, wants: Wants, instruments: dict[str, Any]
) -> Markets:
    engine = store_engine()
    found = None
    if is_due(cycle.arena, cycle.slot) and cycle.as_of == cycle.slot:
        found = await find_pass(engine, memory, cycle.arena, cycle.as_of)
    if found is not None and covers(found, wants):
        reading = await read_pass(engine, memory, wants, cycle.as_of, found)
    else:
        found = None
        reading = await read_market(engine, memory, wants, cycle.as_of)
    return build_markets(reading, wants, instruments, is_shared=found is not None)


def _tell(conn: Connection, cycle: Cycle, markets: Markets, *, is_alone: bool) -> None:
    if is_alone:
        tell_alone(conn, cycle)
        run_log().warning(
            "%s read the market for itself: the collector has nothing for %s.",
            cycle.account.id, f"{cycle.as_of:%Y-%m-%d %H:%M:%S}",
        )  # fmt: skip
    for symbol, problem in markets.problems.items():
        tell_problem(conn, cycle, symbol, problem)


def _report(markets: Markets) -> None:
    log = run_log()
    for view in markets:
        log.info("%s: last %s, mark %s at %s UTC.", view.symbol, view.quote.last, view.quote.mark,
                 f"{view.quote.at:%Y-%m-%d %H:%M:%S}")  # fmt: skip
    for symbol, problem in markets.problems.items():
        log.warning("%s is not traded in this cycle: %s.", symbol, problem)


@task(name="compute_indicators", **READ)
async def compute_indicators(cycle: Cycle, markets: Markets) -> dict[str, MarketDocument]:
    """The market document of seed 002 section 5.3 per asset, stored with the cycle.

    Documents of a shared pass are in `market_stats` already; the cycle then names the pass.
    """
    memory = memory_of(cycle.arena)
    documents = {view.symbol: document_of(memory, markets.reading, view) for view in markets}
    context: dict[str, Any] = {"problems": markets.problems}
    unstored = None
    if markets.is_shared:
        context |= {"market_pass": cycle.as_of, "symbols": list(documents)}
    else:
        context |= {"markets": documents}
        unstored = unstored_stats(memory, markets.reading, documents)
    if markets.scan is not None:
        context |= {"scan": scan_document(markets.scan)}
    with store_engine().begin() as conn:
        save_context(conn, cycle.id, context)
        if markets.scan is not None:
            tell_new_list(conn, cycle, markets.scan)
        if unstored:
            save_unstored(conn, cycle.arena.market, unstored)
    if unstored:
        note_stored(memory, unstored)
    run_log().info("Computed indicators of %d asset(s).", len(documents))
    return documents
