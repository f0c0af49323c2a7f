"""Paper accounts on the real market: whole cycles in an arena whose market is AsterDEX."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from prefect.logging import disable_run_logger
from prefect.settings import temporary_settings
from sqlalchemy import Engine

from tasks import resources
from tasks.collect import collect_pass
from tasks.watching import Watched, watch_account
from tests.arena import TestArena, build_account, start_aster_arena
from tests.aster_sandbox.server import Sandbox, running_sandbox
from tests.tasks.conftest import NO_SERVER
from tests.tasks.whole_cycle import run_cycle
from trading.account import Account
from trading.limits import RiskLimits
from trading.timeframes import Timeframe

ASSETS = ("BTC", "ETH", "ASTER", "SOL", "BNB", "XRP", "DOGE", "ADA", "AVAX", "LINK")

LENIENT = RiskLimits(
    requires_stop=False,
    max_positions=10,
    max_position_ratio=Decimal("0.09"),
    max_correlated_ratio=Decimal(1),
    max_quote_age_seconds=600,
)
"""For slots in the past: real time cannot be moved, and its quotes are of now. How the ten contracts go
together is another on each day."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as started:
        started.give_past()
        yield started


@pytest.fixture
def arena(engine: Engine, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestArena]:
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    resources.forget()
    with disable_run_logger(), temporary_settings(NO_SERVER):
        yield start_aster_arena(engine, sandbox.url)
    resources.forget()


def holder(**changes: object) -> Account:
    """Buys once and holds: an order for certain."""
    return build_account("buy_and_hold", **changes)


def test_a_paper_account_does_a_whole_cycle_on_the_venues_prices(arena: TestArena) -> None:
    arena.add(holder())

    markets = asyncio.run(run_cycle("buy-and-hold"))

    status, at, slot = arena.one("select status, real_started_at, slot from app.cycles")
    assert status == "done"
    assert timedelta(0) <= at - slot < timedelta(seconds=2)  # market time is real time
    assert not markets.problems
    assert dict(arena.rows("select symbol, count(*) from app.fills group by symbol")) == {
        "BTCUSDT": 1,
        "ETHUSDT": 1,
    }


def test_a_quote_in_the_store_carries_the_venues_own_time(
    arena: TestArena, sandbox: Sandbox
) -> None:
    sandbox.skew(-4_000)
    arena.add(holder())

    before = datetime.now(UTC)
    asyncio.run(run_cycle("buy-and-hold"))

    (at,) = arena.one("select at from app.quotes where symbol = 'BTCUSDT'")
    assert timedelta(seconds=1) < before - at < timedelta(seconds=5)


def test_an_instrument_whose_prices_stand_still_is_not_traded_and_the_others_are(
    arena: TestArena, sandbox: Sandbox
) -> None:
    sandbox.freeze("ETHUSDT")
    sandbox.skew(90_000)
    arena.add(holder())

    markets = asyncio.run(run_cycle("buy-and-hold"))

    assert "frozen: last change" in markets.problems["ETHUSDT"]
    assert list(markets.views) == ["BTCUSDT"]


def test_a_later_cycle_in_another_event_loop_matches_the_book_on_the_venues_minutes(
    engine: Engine, sandbox: Sandbox, arena: TestArena
) -> None:
    now = Timeframe.M1.floor(datetime.now(UTC))
    start_aster_arena(engine, sandbox.url, since=now - timedelta(minutes=5))
    arena.add(holder(limits=LENIENT))
    arena.stand_at(now - timedelta(minutes=3))
    asyncio.run(run_cycle("buy-and-hold"))

    arena.stand_at(now)
    asyncio.run(run_cycle("buy-and-hold"))

    assert arena.rows("select status from app.cycles") == [("done",), ("done",)]
    assert arena.one("select matched_until from app.paper_wallets") == (now,)
    minutes = [each for each in sandbox.sent_to("klines") if "interval=1m" in each.query]
    assert {each.query.partition("&limit=")[2] for each in minutes} == {"4"}


def test_ten_accounts_with_ten_instruments_and_a_collector_cost_the_venue_little(
    engine: Engine, sandbox: Sandbox, arena: TestArena
) -> None:
    """Each account holds all ten: its book is matched on the minutes of each, every slot."""
    newest = Timeframe.M1.floor(datetime.now(UTC))
    start_aster_arena(
        engine,
        sandbox.url,
        collect_every=Timeframe.M1.length,
        since=newest - timedelta(minutes=5),
    )
    ids = [f"holder-{number}" for number in range(10)]
    arena.add(
        *(holder(id=name, assets=ASSETS, interval=Timeframe.M1, limits=LENIENT) for name in ids)
    )
    costs: list[int] = []
    for minutes_ago in (1, 0):
        before = _spent(arena)
        arena.stand_at(newest - timedelta(minutes=minutes_ago))
        asyncio.run(collect_pass.fn())
        for name in ids:
            asyncio.run(run_cycle(name))
        costs.append(_spent(arena) - before)

    assert arena.one("select count(*) from app.cycles where status <> 'done'") == (0,)
    assert arena.one("select count(*) from app.fills") == (100,)
    assert costs[0] <= 80  # 30 series of candles, ten open interests, rules, clock
    assert costs[1] <= 25  # ten minutes for all books, two boards of quotes


def test_looks_at_several_accounts_at_once_do_not_wait_for_each_others_connections(
    engine: Engine, sandbox: Sandbox, arena: TestArena
) -> None:
    """A process has three connections; a book that held one while the venue is asked would stop all."""
    now = Timeframe.M1.floor(datetime.now(UTC))
    start_aster_arena(engine, sandbox.url, since=now - timedelta(minutes=5))
    ids = [f"holder-{number}" for number in range(4)]
    arena.add(*(holder(id=name, limits=LENIENT) for name in ids))
    arena.stand_at(now - timedelta(minutes=3))
    for name in ids:
        asyncio.run(run_cycle(name))
    arena.stand_at(now)

    async def look_at_all() -> list[Watched | None]:
        async with asyncio.timeout(20):
            return await asyncio.gather(*(watch_account(name, "a test") for name in ids))

    assert all(asyncio.run(look_at_all()))


def _spent(arena: TestArena) -> int:
    """Weight so far; the sandbox counts the same."""
    (spent,) = arena.one("select spent_ever from app.weight_budgets")
    assert isinstance(spent, int)
    return spent
