"""An arena in a test database: accounts on a market, with the clock standing where a test wants it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Engine, text

from adapters.market.open_market import open_market
from adapters.store.accounts import save_account
from adapters.store.arena import ASTER, Arena, load_arena, save_arena, set_collector
from adapters.store.budgets import PostgresWeightBudget
from adapters.store.instruments import save_instruments
from adapters.store.paper_books import create_paper_wallet
from adapters.venues.aster.market_source import AsterMarket, MarketAddress
from tasks.cycle import Cycle
from trading.account import Account, AgentKind, Network
from trading.arena_clock import ArenaClock
from trading.limits import RiskLimits
from trading.timeframes import Timeframe

START = datetime(2026, 11, 20, tzinfo=UTC)
STRATEGIES = ("momentum", "mean_reversion", "grid", "ml_scalper", "buy_and_hold")
STANDING_STILL = 1e-6
"""Market seconds per real second: the clock hardly moves while a test runs."""


def build_account(strategy: str, **changes: object) -> Account:
    """A paper account of 10,000 USDT that runs one strategy every hour."""
    is_benchmark = strategy == "buy_and_hold"
    limits = (
        RiskLimits(requires_stop=False, max_position_ratio=Decimal("0.33"))
        if is_benchmark
        else RiskLimits()
    )
    account = Account(
        id=strategy.replace("_", "-"),
        name=strategy.replace("_", " "),
        kind=AgentKind.BENCHMARK if is_benchmark else AgentKind.RULE,
        strategy=strategy,
        assets=("BTC", "ETH"),
        interval=Timeframe.H1,
        limits=limits,
    )
    return replace(account, **changes)


@dataclass(frozen=True)
class TestArena:
    """What a test does with an arena."""

    __test__ = False

    engine: Engine

    def add(self, *accounts: Account) -> None:
        with self.engine.begin() as conn:
            arena = load_arena(conn)
            assert arena is not None
            for account in accounts:
                save_account(conn, account)
                create_paper_wallet(
                    conn,
                    account.id,
                    wallet=account.initial_equity,
                    at=arena.started_at,
                    terms=account.paper,
                )

    def stand_at(self, market: datetime) -> None:
        """Set the clock so that now is this market time."""
        with self.engine.begin() as conn:
            arena = load_arena(conn)
            assert arena is not None
            clock = replace(
                arena.clock,
                real_anchor=datetime.now(UTC),
                market_anchor=market,
                speed=STANDING_STILL,
            )
            save_arena(conn, replace(arena, clock=clock, seen_at=market))

    def rows(self, sql: str, **values: object) -> list[tuple[object, ...]]:
        with self.engine.connect() as conn:
            return [tuple(row) for row in conn.execute(text(sql), values)]

    def one(self, sql: str, **values: object) -> tuple[object, ...]:
        (row,) = self.rows(sql, **values)
        return row


def start_arena(
    engine: Engine,
    *,
    source: str = "simulated",
    settings: dict[str, object] | None = None,
    start: datetime = START,
    ends_at: datetime | None = None,
) -> TestArena:
    """An arena without accounts whose clock stands at `start`."""
    chosen: dict[str, object] = {"seed": 7} if settings is None else settings
    clock = ArenaClock(
        real_anchor=datetime.now(UTC), market_anchor=start, speed=STANDING_STILL, ends_at=ends_at
    )
    market = open_market(source, chosen)
    with engine.begin() as conn:
        save_instruments(conn, market.name, asyncio.run(market.instruments()))
        save_arena(
            conn,
            Arena(
                market=market.name,
                source=source,
                settings=chosen,
                clock=clock,
                started_at=start,
                seen_at=start,
            ),
        )
    return TestArena(engine)


def start_aster_arena(
    engine: Engine,
    url: str,
    *,
    collect_every: timedelta | None = None,
    since: datetime | None = None,
) -> TestArena:
    """An arena in real time without accounts, on the testnet's market at `url`: a sandbox.

    `since` is its first start, at which the wallets of paper accounts begin; by default now.
    Its contracts need a past (`Sandbox.give_past`) before a cycle can find candles.
    """
    address = MarketAddress(network=Network.TESTNET, base_url=url)
    market = AsterMarket(address, budget=PostgresWeightBudget(engine, lambda: datetime.now(UTC)))
    # In a thread: a test of steps is inside a loop already.
    with ThreadPoolExecutor(1) as thread:
        instruments = thread.submit(asyncio.run, market.instruments()).result()
    now = datetime.now(UTC)
    with engine.begin() as conn:
        save_instruments(conn, market.name, instruments)
        save_arena(
            conn,
            Arena(
                market=market.name,
                source=ASTER,
                settings=address.settings,
                clock=ArenaClock(real_anchor=now, market_anchor=now, speed=1.0),
                started_at=since or now,
                seen_at=now,
            ),
        )
        set_collector(conn, collect_every)
    return TestArena(engine)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def overtaken(cycle: Cycle, *, source: str) -> Cycle:
    """The cycle with a clock on which the account's next slot has begun, on that kind of market."""
    clock = replace(cycle.arena.clock, market_anchor=cycle.slot + cycle.account.interval.length)
    return replace(cycle, arena=replace(cycle.arena, source=source, clock=clock))
