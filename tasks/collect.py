"""One pass of the collector: the market of a slot, read once for every account that decides then.

The pass is announced a moment before its slot and reads at the slot, never ahead of it. Candles,
quotes, statistics and the pass itself are committed together, so an account sees all of it or none.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from prefect import task
from prefect.context import FlowRunContext
from sqlalchemy import Connection

from adapters.store.accounts import list_accounts
from adapters.store.arena import Arena
from adapters.store.instruments import save_instruments
from adapters.store.market_passes import (
    ANNOUNCED_AHEAD,
    Series,
    announce_pass,
    finish_pass,
)
from tasks.market_memory import MarketMemory
from tasks.market_reading import Reading, read_market
from tasks.market_storing import note_stored, save_unstored, unstored_prices, unstored_stats
from tasks.market_views import build_markets, coverage_of, document_of
from tasks.market_wants import Wants, wants_of_all
from tasks.options import READ
from tasks.resources import arena_on, memory_of, store_engine
from tasks.run_log import run_log
from trading.account import Account, AccountStatus
from trading.timeframes import floor_instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What a run stands for."""

    arena: Arena
    slot: datetime
    wants: Wants


@task(name="collect_pass", **READ)
async def collect_pass() -> str:
    """Read and store the market of the slot; a sentence about it, or why nothing was to be done."""
    opened = await _open_pass(datetime.now(UTC))
    if isinstance(opened, str):
        run_log().info("Nothing to collect: %s.", opened)
        return opened
    wait = (opened.arena.clock.real_at(opened.slot) - datetime.now(UTC)).total_seconds()
    await asyncio.sleep(max(0.0, wait))
    memory = memory_of(opened.arena)
    reading = await read_market(store_engine(), memory, opened.wants, opened.slot)
    sentence = await _store(memory, opened, reading)
    run_log().info("%s", sentence)
    return sentence


async def _open_pass(now: datetime) -> Pass | str:
    """Announce the slot, or say why there is none."""
    with store_engine().begin() as conn:
        arena = arena_on(conn)
        slot = slot_of_pass(arena, now)
        refusal = _why_not(arena, slot, now)
        if refusal is not None:
            return refusal
        accounts = _active_accounts(conn)
        if not announce_pass(conn, arena.market, slot, real_now=now):
            return f"{slot:%Y-%m-%d %H:%M} UTC was collected before"
    market = memory_of(arena).market
    wants = wants_of_all(accounts, await market.instruments(), market.base_timeframe)
    return Pass(arena=arena, slot=slot, wants=wants)


def slot_of_pass(arena: Arena, now: datetime) -> datetime:
    """Market time that a run stands for: the nearest pass to its schedule, or the last one by hand.

    Real instants are rounded to microseconds, so the schedule is only near its slot.
    """
    every = arena.collect_every or timedelta(minutes=1)
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if run is None or not run.auto_scheduled or run.expected_start_time is None:
        return floor_instant(arena.clock.market_at(now), every)
    return slot_near(arena, run.expected_start_time, every)


def slot_near(arena: Arena, planned: datetime, every: timedelta) -> datetime:
    """The slot that a run planned for a real instant was announced for."""
    # Prefect's instants are of a class of its own, whose sum with a duration loses the time zone.
    real = datetime.fromtimestamp(planned.timestamp(), UTC)
    return floor_instant(arena.clock.market_at(real + ANNOUNCED_AHEAD) + every / 2, every)


def _why_not(arena: Arena, slot: datetime, now: datetime) -> str | None:
    if arena.collect_every is None:
        return "every account of this arena reads for itself"
    if arena.clock.ends_at is not None and slot >= arena.clock.ends_at:
        return f"the recorded market ended at {arena.clock.ends_at:%Y-%m-%d %H:%M} UTC"
    late = arena.clock.market_at(now) - slot
    if late > arena.collect_every / 2:
        return (
            f"the run started {late} of market time after its slot; the accounts have read by now"
        )
    return None


def _active_accounts(conn: Connection) -> list[Account]:
    return [
        stored.account for stored in list_accounts(conn) if stored.status is AccountStatus.ACTIVE
    ]


async def _store(memory: MarketMemory, opened: Pass, reading: Reading) -> str:
    listed = await memory.market.instruments()
    instruments = {each.symbol: each for each in listed}
    markets = build_markets(reading, opened.wants, instruments, is_shared=False)
    documents = {view.symbol: document_of(memory, reading, view) for view in markets}
    prices = unstored_prices(memory, reading)
    stats = unstored_stats(memory, reading, documents)
    series: Series = {
        key: coverage_of(reading, key, count) for key, count in opened.wants.series.items()
    }
    market = opened.arena.market
    with store_engine().begin() as conn:
        added = save_unstored(conn, market, prices)
        save_unstored(conn, market, stats)
        if opened.arena.is_real_time and listed != memory.stored_instruments:
            save_instruments(conn, market, listed)
        finish_pass(
            conn,
            market,
            opened.slot,
            quotes=reading.quotes,
            series=series,
            real_now=datetime.now(UTC),
        )
    note_stored(memory, prices)
    note_stored(memory, stats)
    memory.stored_instruments = listed
    for symbol, problem in markets.problems.items():
        run_log().warning("%s is not to be traded at this slot: %s.", symbol, problem)
    return (
        f"collected {opened.slot:%Y-%m-%d %H:%M} UTC of market {market}: {len(reading.quotes)}"
        f" instruments, {len(series)} series, {added} new candles"
    )
