"""The collector changes who asks the market, and nothing of what any account sees or does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from prefect.logging import disable_run_logger
from prefect.settings import temporary_settings
from prefect.types import DateTime
from sqlalchemy import Engine, text

from adapters.store.arena import Arena, load_arena, set_collector
from adapters.store.cycles import load_context
from adapters.store.engine import open_engine
from adapters.store.market_passes import ANNOUNCED_AHEAD, announce_pass, load_pass
from adapters.store.schema import upgrade
from tasks import market_pass, resources
from tasks.collect import collect_pass, slot_near
from tests.arena import START, TestArena, build_account, start_arena
from tests.tasks.conftest import NO_SERVER
from tests.tasks.whole_cycle import run_cycle
from trading.timeframes import Timeframe

pytestmark = [pytest.mark.db, pytest.mark.timeout(240)]

STRATEGIES = (
    "momentum",
    "mean_reversion",
    "ml_scalper",
    "buy_and_hold",
    "scalping",
    "funding_arbitrage",
)
EVERY = Timeframe.M5.length
RECORD = {
    "decisions": "select account_id, decided_at, symbol, action, allocation_usd, stop_price,"
    " take_profit_price, rationale, confidence, verdict, verdict_text, approved_notional"
    " from app.decisions order by 1, 2, 3",
    "fills": "select account_id, symbol, trade_id, quantity, price, fee, filled_at from app.fills"
    " order by 1, 2, 3",
    "equity": "select account_id, at, wallet, equity, available from app.equity_snapshots"
    " order by 1, 2",
    "documents": "select symbol, at, mark, funding_rate, open_interest, indicators"
    " from app.market_stats order by 1, 2",
    "candles": "select symbol, timeframe_seconds, count(*), min(open_time), max(open_time),"
    " sum(open), sum(close), sum(volume) from app.candles group by 1, 2 order by 1, 2",
    "quotes": "select * from app.quotes order by market, symbol",
}


@pytest.fixture
def quiet() -> Iterator[None]:
    with disable_run_logger(), temporary_settings(NO_SERVER):
        yield
    resources.forget()


def open_arena(engine: Engine, monkeypatch: pytest.MonkeyPatch, **market: object) -> TestArena:
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    resources.forget()
    arena = start_arena(engine, **market)
    for name in STRATEGIES:
        arena.add(build_account(name, interval=Timeframe.M5))
    return arena


@pytest.fixture
def arena(engine: Engine, quiet: None, monkeypatch: pytest.MonkeyPatch) -> TestArena:
    return open_arena(engine, monkeypatch)


@pytest.fixture
def other_engine(empty_database_url: str) -> Iterator[Engine]:
    upgrade(empty_database_url)
    opened = open_engine(empty_database_url, application="other-arena")
    yield opened
    opened.dispose()


def collector_is_due(arena: TestArena) -> None:
    with arena.engine.begin() as conn:
        set_collector(conn, EVERY)


async def trade(arena: TestArena, slots: int, *, is_collected: bool) -> None:
    """Some slots of all accounts; a new process for the collector and for the accounts of each."""
    if is_collected:
        collector_is_due(arena)
    for number in range(slots):
        arena.stand_at(START + number * EVERY)
        if is_collected:
            assert (await collect_pass.fn()).startswith("collected")
        if number % 2:
            resources.forget()
        for name in STRATEGIES:
            markets = await run_cycle(name.replace("_", "-"))
            assert markets.is_shared is is_collected


def record(arena: TestArena) -> dict[str, list[tuple[object, ...]]]:
    return {name: arena.rows(query) for name, query in RECORD.items()}


def contexts(arena: TestArena) -> list[object]:
    with arena.engine.connect() as conn:
        found = conn.execute(text("select id from app.cycles order by account_id, slot")).scalars()
        return [load_context(conn, cycle_id) for cycle_id in found]


def test_the_same_seed_gives_the_same_record_with_and_without_a_collector(
    engine: Engine, other_engine: Engine, quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = open_arena(engine, monkeypatch)
    asyncio.run(trade(alone, 3, is_collected=False))
    shared = open_arena(other_engine, monkeypatch)
    asyncio.run(trade(shared, 3, is_collected=True))
    for name, rows in record(alone).items():
        assert record(shared)[name] == rows, name
    assert len(record(shared)["decisions"]) == 3 * len(STRATEGIES) * 2
    assert record(shared)["fills"]
    assert contexts(shared) == contexts(alone)
    assert shared.rows("select 1 from app.diary where kind = 'market'") == []


def test_a_dead_collector_changes_nothing_but_a_line_in_each_cycles_diary(
    engine: Engine, other_engine: Engine, quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = open_arena(engine, monkeypatch)
    asyncio.run(trade(alone, 2, is_collected=False))
    orphaned = open_arena(other_engine, monkeypatch)
    collector_is_due(orphaned)
    asyncio.run(trade(orphaned, 2, is_collected=False))
    assert record(orphaned) == record(alone)
    told = orphaned.rows(
        "select cycle_id, count(*) from app.diary where kind = 'market' group by 1"
    )
    assert [count for _, count in told] == [1] * (2 * len(STRATEGIES))
    (line,) = orphaned.rows(
        "select distinct entry ->> 'problem' from app.diary where kind = 'market'"
    )
    assert "read the market itself" in str(line[0])


async def test_an_account_waits_for_an_announced_pass_only_for_a_moment(
    arena: TestArena, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market_pass, "LONGEST_WAIT", timedelta(seconds=0.3))
    collector_is_due(arena)
    arena.stand_at(START)
    with arena.engine.begin() as conn:
        announce_pass(conn, "simulated-7", START, real_now=datetime.now(UTC))
    began = datetime.now(UTC)
    markets = await run_cycle("momentum")
    assert not markets.is_shared
    assert datetime.now(UTC) - began > timedelta(seconds=0.3)


async def test_an_account_whose_assets_came_after_the_pass_reads_for_itself(
    arena: TestArena,
) -> None:
    collector_is_due(arena)
    arena.stand_at(START)
    await collect_pass.fn()
    arena.add(build_account("grid", interval=Timeframe.M5, assets=("BTC", "XRP")))
    markets = await run_cycle("grid")
    assert not markets.is_shared
    assert set(markets.views) == {"BTCUSDT", "XRPUSDT"}


async def test_a_slot_between_two_passes_is_read_directly_and_without_a_word(
    arena: TestArena,
) -> None:
    with arena.engine.begin() as conn:
        set_collector(conn, timedelta(hours=1))
    arena.stand_at(START + EVERY)
    assert not (await run_cycle("momentum")).is_shared
    assert arena.rows("select 1 from app.diary where kind = 'market'") == []


async def test_a_pass_is_made_once_and_says_what_it_has(arena: TestArena) -> None:
    collector_is_due(arena)
    arena.stand_at(START)
    assert await collect_pass.fn() == (
        "collected 2026-11-20 00:00 UTC of market simulated-7: 2 instruments, 8 series,"
        " 2200 new candles"
    )
    assert "collected before" in await collect_pass.fn()
    with arena.engine.connect() as conn:
        found = load_pass(conn, "simulated-7", START)
    assert found is not None
    assert found.is_done
    assert found.series["BTCUSDT", Timeframe.M5].sound == 500
    assert set(found.documents) == {"BTCUSDT", "ETHUSDT"}


async def test_without_a_planned_collector_nothing_is_collected(arena: TestArena) -> None:
    arena.stand_at(START)
    assert await collect_pass.fn() == "every account of this arena reads for itself"
    assert arena.rows("select 1 from app.market_passes") == []


async def test_passes_older_than_a_day_are_taken_away(arena: TestArena) -> None:
    collector_is_due(arena)
    for days in (0, 1, 3):
        arena.stand_at(START + timedelta(days=days))
        await collect_pass.fn()
    assert arena.rows("select slot from app.market_passes") == [(START + timedelta(days=3),)]


def test_a_planned_run_stands_for_the_slot_that_it_was_announced_ahead_of(
    arena: TestArena,
) -> None:
    """Prefect's own instants included, which lose their time zone when a duration is added."""
    found = load_arena_of(arena)
    slot = START + timedelta(minutes=5)
    planned = found.clock.real_at(slot) - ANNOUNCED_AHEAD

    for instant in (planned, DateTime.fromtimestamp(planned.timestamp(), UTC).astimezone(UTC)):
        assert slot_near(found, instant, timedelta(minutes=5)) == slot


def load_arena_of(arena: TestArena) -> Arena:
    with arena.engine.connect() as conn:
        found = load_arena(conn)
    assert found is not None
    return found
