"""A throw-away arena: embedded Postgres, simulated market, demo agents, a real Prefect server.

Built from the functions and settings that `perpflow up` uses, in a temporary folder on free ports.
The market begins at a fixed date, so that every arm does the same work.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

from sqlalchemy import Engine

from adapters.config.accounts_file import load_accounts
from adapters.market.open_market import open_market
from adapters.store.accounts import save_account
from adapters.store.arena import Arena, save_arena, set_collector
from adapters.store.embedded.folder import server_folder
from adapters.store.embedded.process import find_postmaster
from adapters.store.embedded.server import EmbeddedServer
from adapters.store.engine import open_engine
from adapters.store.instruments import save_instruments
from adapters.store.paper_books import create_paper_wallet
from adapters.store.schema import upgrade
from bench.runtime.meters import GroupMeter, Meter, TreeMeter, make_groups
from bench.runtime.parts import Part
from bench.runtime.spec import CellSpec
from deployments.prefect_settings import PrefectPlace, server_environment, worker_environment
from trading.account import Account
from trading.arena_clock import ArenaClock
from trading.timeframes import Timeframe

SEED = {"seed": 7}
FIRST_SLOT = datetime(2026, 11, 20, 12, tzinfo=UTC)
INTERVAL = Timeframe.H1
"""Long, so that no run is skipped for being late: every arm has to do all of its cycles."""
WARM_UP = "warm-up"
PARTS = ("worker", "server", "postgres")
_START_SECONDS = 180.0


@dataclass(slots=True, kw_only=True)
class Place:
    """What runs for one cell."""

    home: Path
    spec: CellSpec
    run_id: str
    prefect: PrefectPlace
    groups: dict[str, GroupMeter] | None
    postgres: EmbeddedServer
    engine: Engine
    url: str
    arena: Arena
    accounts: tuple[Account, ...]
    parts: list[Part] = field(default_factory=list)
    meters: dict[str, Meter] = field(default_factory=dict)

    @property
    def counted_by(self) -> str:
        return "process trees" if self.groups is None else "control groups"

    @property
    def measured(self) -> tuple[Account, ...]:
        """All accounts but the one that warms the arm up."""
        return tuple(account for account in self.accounts if account.id != WARM_UP)

    @property
    def work(self) -> Path:
        return self.home / "work"

    def start(self, name: str, arguments: list[str], environment: dict[str, str]) -> Part:
        """Start a part and count what it uses; `name` is one of `PARTS`."""
        group = None if self.groups is None else self.groups[name]
        part = Part(name, arguments, environment, home=self.home, run_id=self.run_id, group=group)
        self.parts.append(part)
        self.meters[name] = part.meter
        return part

    def worker_environment(self) -> dict[str, str]:
        """For the worker and its flow runs."""
        environment = worker_environment(self.prefect, os.environ)
        return {**environment, "DATABASE_URL": self.url, **self.spec.worker_env}

    def stand_before(self, slot: datetime, due: datetime, *, collects: bool = False) -> ArenaClock:
        """Set the arena's clock so that `slot` falls on the real instant `due`.

        With `collects` the accounts may count on a collector, if so many accounts have one.
        """
        # Not above: it imports Prefect, whose client reads its settings at that moment.
        from deployments.market_deployment import collect_every

        real = datetime.now(UTC)
        clock = ArenaClock(real_anchor=real, market_anchor=slot - (due - real), speed=1.0)
        every = collect_every(self.arena.source, self.measured) if collects else None
        self.arena = replace(
            self.arena, clock=clock, seen_at=clock.market_anchor, collect_every=every
        )
        with self.engine.begin() as conn:
            save_arena(conn, self.arena)
            set_collector(conn, every)
        return clock

    def close(self) -> None:
        """Stop what runs, the database last."""
        for part in self.parts:
            part.stop()
        self.engine.dispose()
        self.postgres.down()


def open_place(home: Path, spec: CellSpec, run_id: str) -> Place:
    """Database with the accounts, and the Prefect server; returns when both answer."""
    postgres = EmbeddedServer(home)
    url = postgres.up()
    upgrade(url)
    engine = open_engine(url, application="perpflow-bench", pool_size=2)
    accounts = build_accounts(spec.accounts)
    place = Place(
        home=home,
        spec=spec,
        run_id=run_id,
        prefect=PrefectPlace(folder=home / "prefect", port=free_port()),
        groups=make_groups(run_id, PARTS),
        postgres=postgres,
        engine=engine,
        url=url,
        arena=_save(engine, accounts),
        accounts=accounts,
    )
    try:
        _count_postgres(place)
        environment = {**server_environment(place.prefect, os.environ), **spec.server_env}
        command = [sys.executable, "-m", "prefect", "server", "start"]
        server = place.start("server", command, environment)
        server.wait_until_healthy(f"{place.prefect.api_url}/health", _START_SECONDS)
    except BaseException:
        place.close()
        raise
    return place


def build_accounts(count: int) -> tuple[Account, ...]:
    """One account for warming up and `count` to measure: the demo agents in turn."""
    demo = load_accounts(Path(str(files("deployments"))) / "accounts" / "demo.yaml", {})
    names = [WARM_UP, *(f"bench-{number:03d}" for number in range(1, count + 1))]
    return tuple(
        replace(demo[at % len(demo)], id=name, name=name, interval=INTERVAL)
        for at, name in enumerate(names)
    )


def free_port() -> int:
    """A port of the loopback that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def sleep_until(instant: datetime) -> None:
    """Return at once when it has passed."""
    await asyncio.sleep(max(0.0, (instant - datetime.now(UTC)) / timedelta(seconds=1)))


def _save(engine: Engine, accounts: tuple[Account, ...]) -> Arena:
    """The arena with its instruments, accounts and wallets; its clock is set before each slot."""
    market = open_market("simulated", SEED)
    start = FIRST_SLOT - timedelta(hours=1)
    clock = ArenaClock(real_anchor=datetime.now(UTC), market_anchor=start, speed=1.0)
    arena = Arena(
        market=market.name,
        source="simulated",
        settings=SEED,
        clock=clock,
        started_at=start,
        seen_at=start,
    )
    with engine.begin() as conn:
        save_instruments(conn, market.name, asyncio.run(market.instruments()))
        save_arena(conn, arena)
        for account in accounts:
            save_account(conn, account)
            create_paper_wallet(conn, account.id, wallet=account.initial_equity, at=start)
    return arena


def _count_postgres(place: Place) -> None:
    postmaster = find_postmaster(server_folder(place.home))
    if postmaster is None:
        raise RuntimeError("the embedded database does not run; see its log in the data folder")
    if place.groups is None:
        place.meters["postgres"] = TreeMeter(postmaster.pid)
        return
    group = place.groups["postgres"]
    for process in [postmaster, *postmaster.children()]:
        group.add(process.pid)
    place.meters["postgres"] = group
