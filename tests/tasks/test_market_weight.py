"""What the market costs in request weight, with Aster's weights and the budget in Postgres (CY-5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from prefect.logging import disable_run_logger
from prefect.settings import temporary_settings
from sqlalchemy import Engine, select

from adapters.market.remembered import RememberedMarket
from adapters.store.arena import Arena, load_arena, set_collector
from adapters.store.budgets import PostgresWeightBudget
from adapters.store.tables import weight_budgets
from tasks import resources
from tasks.collect import collect_pass
from tasks.market_memory import MarketMemory
from tasks.market_pass import find_pass
from tasks.market_reading import covers, read_market, read_pass
from tasks.market_wants import wants_of
from tests.arena import START, STRATEGIES, TestArena, build_account, start_arena
from tests.tasks.conftest import NO_SERVER
from tests.tasks.metered_market import ASSETS, HOST, metered
from trading.account import Account
from trading.timeframes import Timeframe

pytestmark = pytest.mark.db

PASS_AT_MOST = 60
PROCESSES = 8
EVERY = Timeframe.M5.length


class Host:
    """The arena, its accounts and the clock of the host's budget."""

    def __init__(self, arena: TestArena, accounts: int) -> None:
        self.arena = arena
        self.seconds = 0.0
        self.accounts = [
            build_account(
                STRATEGIES[number % len(STRATEGIES)],
                id=f"a{number:03d}",
                assets=ASSETS,
                interval=Timeframe.M5,
            )
            for number in range(accounts)
        ]
        arena.add(*self.accounts)
        with arena.engine.begin() as conn:
            set_collector(conn, EVERY)

    def budget(self) -> PostgresWeightBudget:
        return PostgresWeightBudget(
            self.arena.engine, lambda: START + timedelta(seconds=self.seconds)
        )

    def process(self) -> MarketMemory:
        """A process that has just started."""
        return MarketMemory(RememberedMarket(metered(self.budget())))

    def stand_at(self, slot: int) -> None:
        self.seconds = slot * EVERY.total_seconds()
        self.arena.stand_at(START + slot * EVERY)

    def spent(self) -> int:
        with self.arena.engine.connect() as conn:
            return conn.scalar(select(weight_budgets.c.spent_ever)) or 0

    def load(self) -> Arena:
        with self.arena.engine.connect() as conn:
            found = load_arena(conn)
        assert found is not None
        return found


@pytest.fixture
def arena(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestArena]:
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    resources.forget()
    with disable_run_logger(), temporary_settings(NO_SERVER):
        yield start_arena(engine)
    resources.forget()


@pytest.fixture
def collecting(monkeypatch: pytest.MonkeyPatch):
    """One collector process on the metered market."""

    def use(host: Host) -> None:
        memory = host.process()
        monkeypatch.setattr("tasks.collect.memory_of", lambda _arena: memory)

    return use


async def weight_of_pass(host: Host, slot: int) -> int:
    host.stand_at(slot)
    before = host.spent()
    assert (await collect_pass.fn()).startswith("collected")
    return host.spent() - before


async def read_as(host: Host, memory: MarketMemory, account: Account, slot: int) -> None:
    """What `fetch_klines` does for one account."""
    engine, at = host.arena.engine, START + slot * EVERY
    wants = wants_of(account, await memory.market.instruments(), memory.market.base_timeframe)
    found = await find_pass(engine, memory, host.load(), at)
    if found is not None and covers(found, wants):
        reading = await read_pass(engine, memory, wants, at, found)
    else:
        reading = await read_market(engine, memory, wants, at)
    assert len(reading.quotes) == len(ASSETS)


async def test_the_markets_weight_does_not_depend_on_the_number_of_accounts(
    arena: TestArena, collecting
) -> None:
    host = Host(arena, 100)
    collecting(host)
    first = await weight_of_pass(host, 0)
    usual = await weight_of_pass(host, 1)
    at_four_hours = await weight_of_pass(host, 48)
    processes = [host.process() for _ in range(PROCESSES)]
    before = host.spent()
    for number, account in enumerate(host.accounts):
        await read_as(host, processes[number % PROCESSES], account, 48)
    assert host.spent() == before
    assert (usual, first) == (23, 103)
    assert at_four_hours <= PASS_AT_MOST


async def test_ten_accounts_cost_the_market_what_a_hundred_do(arena: TestArena, collecting) -> None:
    host = Host(arena, 10)
    collecting(host)
    assert await weight_of_pass(host, 0) == 103
    assert await weight_of_pass(host, 1) == 23


async def test_without_a_collector_a_process_reads_once_for_all_its_accounts(
    arena: TestArena,
) -> None:
    host = Host(arena, 10)
    host.stand_at(0)
    memory = host.process()
    await read_as(host, memory, host.accounts[3], 0)
    cold = host.spent()
    for account in host.accounts:
        await read_as(host, memory, account, 0)
    # Only what longer windows and a timeframe of another strategy still needed.
    assert host.spent() - cold <= cold
    before = host.spent()
    for account in host.accounts:
        await read_as(host, memory, account, 0)
    assert host.spent() == before


async def test_a_budget_that_is_used_up_stops_entries_by_name_and_no_cycle(
    arena: TestArena,
) -> None:
    host = Host(arena, 1)
    host.stand_at(0)
    await host.budget().heard(HOST, status=429, retry_after=30)
    memory = host.process()
    account = host.accounts[0]
    wants = wants_of(account, await memory.market.instruments(), memory.market.base_timeframe)
    reading = await read_market(arena.engine, memory, wants, START)
    assert {str(each) for each in reading.quotes.values()} == {
        f"{asset}USDT: aster fapi.asterdex.com is blocked until 2026-11-20T00:00:30Z (HTTP 429);"
        " nothing was sent"
        for asset in ASSETS
    }
