"""Market data that must not be traded on stops the entries of its asset, and only those."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prefect.logging import disable_run_logger
from sqlalchemy import Engine

from adapters.store.arena import Arena, load_arena, set_collector
from tasks import resources
from tasks.account_state import reconcile_account
from tasks.collect import collect_pass
from tasks.cycle import Cycle, claim_slot
from tasks.decide import decide
from tasks.market import fetch_klines
from tests.arena import START, TestArena, build_account, start_arena
from trading.timeframes import EPOCH

pytestmark = pytest.mark.db

CANDLES = 12 * 24 * 20
"""Twenty days of 5-minute candles, the last of which closes at START."""
GAP = range(CANDLES - 40, CANDLES - 35)


def write_candles(path: Path, *, without: range = range(0)) -> None:
    first = START - timedelta(minutes=5) * CANDLES
    rows = ["open_time,open,high,low,close,volume"]
    for number in range(CANDLES + 12):
        if number in without:
            continue
        opened = (first + timedelta(minutes=5) * number - EPOCH) // timedelta(milliseconds=1)
        price = 100 + (number % 50)
        rows.append(f"{opened},{price},{price + 2},{price - 2},{price + 1},10")
    path.write_text("\n".join(rows) + "\n")


@pytest.fixture
def arena(engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[TestArena]:
    """A recorded market: BTC is whole, ETH misses five candles three hours ago."""
    write_candles(tmp_path / "BTCUSDT-5m.csv")
    write_candles(tmp_path / "ETHUSDT-5m.csv", without=GAP)
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    resources.forget()
    with disable_run_logger():
        arena = start_arena(engine, source="recorded", settings={"folder": str(tmp_path)})
        arena.add(build_account("buy_and_hold"))
        yield arena
    resources.forget()


@pytest.fixture
def cycle(arena: TestArena) -> Cycle:
    claimed = asyncio.run(claim_slot.fn("buy-and-hold"))
    assert isinstance(claimed, Cycle)
    return claimed


async def test_an_asset_with_a_gap_gets_no_decision_and_the_others_do(
    arena: TestArena, cycle: Cycle
) -> None:
    markets = await fetch_klines.fn(cycle)
    decided = await decide.fn(cycle, await reconcile_account.fn(cycle), markets)
    assert [item.decision.symbol for item in decided] == ["BTCUSDT"]
    assert set(markets.problems) == {"ETHUSDT"}


async def test_what_the_collector_found_wrong_is_wrong_for_the_account_in_the_same_words(
    arena: TestArena, cycle: Cycle
) -> None:
    alone = await fetch_klines.fn(cycle)
    with arena.engine.begin() as conn:
        set_collector(conn, cycle.account.interval.length)
    resources.forget()
    assert (await collect_pass.fn()).startswith("collected")
    resources.forget()
    shared = await fetch_klines.fn(replace(cycle, arena=load_arena_of(arena)))
    assert shared.is_shared
    assert not alone.is_shared
    assert shared.problems == alone.problems
    assert list(shared.views) == ["BTCUSDT"]
    assert arena.one("select count(*) from app.candles where symbol = 'ETHUSDT'") != (0,)


def load_arena_of(arena: TestArena) -> Arena:
    with arena.engine.connect() as conn:
        found = load_arena(conn)
    assert found is not None
    return found


async def test_the_gap_is_told_in_the_diary_with_its_place_and_size(
    arena: TestArena, cycle: Cycle
) -> None:
    await fetch_klines.fn(cycle)
    (asset, problem) = arena.one("select asset, entry->>'problem' from app.diary")
    assert asset == "ETH"
    assert str(problem).startswith("5 5m candle(s) missing after 2026-11-19T20:35Z")
