"""Runs an arena slot by slot through a real Prefect server and a warm worker, and tells its story."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, StateType

from adapters.store.engine import open_engine
from deployments.prefect_settings import PrefectPlace, worker_environment
from deployments.register import AccountDeployment, FlowReference, register_accounts, start_runs
from deployments.warm.worker import WORKER_TYPE
from tests.arena import START, TestArena, build_account, hours, start_arena
from tests.isolation.misbehaving_flows import STRATEGY

GOOD = ("buy_and_hold", "ml_scalper", "grid")
ENTRYPOINT = "tests.isolation.misbehaving_flows.misbehaving_trade_account"
_RUN_SECONDS = 120.0

DECISIONS = """
    select account_id, decided_at, symbol, action, allocation_usd, stop_price, take_profit_price,
           rationale, verdict, approved_notional, reference_price
    from app.decisions where account_id = any(:good) order by account_id, decided_at, symbol
"""
FILLS = """
    select account_id, trade_id, symbol, side, quantity, price, fee, realized_pnl, filled_at
    from app.fills where account_id = any(:good) order by account_id, sequence
"""
EQUITY = """
    select account_id, at, wallet, equity, gross_exposure from app.equity_snapshots
    where account_id = any(:good) and cycle_id is not null order by account_id, at
"""
LAGS = """
    select extract(epoch from real_started_at - real_scheduled_at)::float8
    from app.cycles where account_id = any(:good)
"""


@dataclass(frozen=True)
class Worker:
    """A warm worker of its own pool."""

    pool: str
    prefect: PrefectPlace
    folder: Path

    def story(self) -> str:
        return (self.folder / "worker.log").read_text()[-4000:]


@contextmanager
def warm_worker(prefect: PrefectPlace, folder: Path) -> Iterator[Worker]:
    """Started, and stopped at the end."""
    worker = Worker(pool=f"isolation-{uuid4().hex[:8]}", prefect=prefect, folder=folder)
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", worker.pool]
    with (folder / "worker.log").open("wb") as output:
        process = subprocess.Popen(
            [*command, "--type", WORKER_TYPE, "--install-policy", "never"],
            env=worker_environment(prefect, os.environ),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield worker
    finally:
        process.terminate()
        process.wait(timeout=30)


def warm_up(worker: Worker) -> None:
    """One run of a flow that does nothing; its lag is that of the worker's own start."""
    work = worker.folder / "warm-up"
    work.mkdir()
    sample = "tests.deployments.sample_flow.sample"
    asyncio.run(_run_slot(worker, work, ["warm-up"], 0, entrypoint=sample))


@dataclass(frozen=True)
class Story:
    """What became of an arena."""

    arena: TestArena
    states: dict[tuple[str, int], StateType]
    """Prefect's final state by account and number of the slot."""

    def of_good(self, sql: str) -> list[tuple[object, ...]]:
        return self.arena.rows(sql, good=[name.replace("_", "-") for name in GOOD])

    @property
    def longest_lag(self) -> float:
        """Of the good accounts: seconds from the scheduled instant to the first task."""
        return max(float(str(row[0])) for row in self.of_good(LAGS))

    def cycles(self, account_id: str) -> list[tuple[object, ...]]:
        """Status and reason, slot by slot."""
        return self.arena.rows(
            "select status, reason from app.cycles where account_id = :a order by slot",
            a=account_id,
        )


def run_arena(
    worker: Worker, url: str, faults: Sequence[str] = (), *, faulty_slots: int, slots: int
) -> Story:
    """Good accounts and one account for each fault, which is at fault in the first slots only.

    An account at fault is called as its fault. Its runs are started before those of the good ones.
    """
    engine = open_engine(url, application="perpflow-tests", pool_size=2)
    work = worker.folder / f"work-{uuid4().hex[:8]}"
    work.mkdir()
    (work / "database.url").write_text(url)
    arena = start_arena(engine)
    bad = [build_account(STRATEGY, id=name.replace("_", "-")) for name in faults]
    arena.add(*bad, *(build_account(name) for name in GOOD))
    ids = [*(account.id for account in bad), *(name.replace("_", "-") for name in GOOD)]
    states: dict[tuple[str, int], StateType] = {}
    for slot in range(slots):
        for account, name in zip(bad, faults, strict=True):
            marker = work / f"{account.id}.fault"
            marker.write_text(name) if slot < faulty_slots else marker.unlink(missing_ok=True)
        arena.stand_at(START + hours(slot))
        states |= asyncio.run(_run_slot(worker, work, ids, slot))
        _wait_for_leases(arena)
    engine.dispose()
    return Story(arena, states)


async def _run_slot(
    worker: Worker,
    work: Path,
    account_ids: list[str],
    slot: int,
    entrypoint: str = ENTRYPOINT,
) -> dict[tuple[str, int], StateType]:
    async with PrefectClient(worker.prefect.api_url) as client:
        deployments = await register_accounts(
            client,
            [AccountDeployment(account_id=i, description="d", schedule=None) for i in account_ids],
            work_folder=work,
            flow=FlowReference(name=work.name, entrypoint=entrypoint),
            pool=worker.pool,
            worker_type=WORKER_TYPE,
        )
        runs = await start_runs(client, deployments)
        ended = await _ended(client, worker, list(runs.values()))
    return {(account_id, slot): ended[run_id] for account_id, run_id in runs.items()}


async def _ended(
    client: PrefectClient, worker: Worker, run_ids: list[UUID]
) -> dict[UUID, StateType]:
    wanted = FlowRunFilter(id=FlowRunFilterId(any_=run_ids))
    deadline = time.monotonic() + _RUN_SECONDS
    runs: list[FlowRun] = []
    while time.monotonic() < deadline:
        runs = await client.read_flow_runs(flow_run_filter=wanted)
        states = {run.id: run.state.type for run in runs if run.state and run.state.is_final()}
        if len(states) == len(run_ids):
            return states
        await asyncio.sleep(0.3)
    left = [(run.parameters, run.state_name) for run in runs if run.id not in states]
    raise AssertionError(f"not ended: {left}\n{worker.story()}")


def _wait_for_leases(arena: TestArena) -> None:
    """Until no lease is held any more: a killed run cannot give its own back, so it runs out."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        held = arena.rows(
            "select account_id from app.leases where holder is not null and real_expires_at > :now",
            now=datetime.now(UTC),
        )
        if not held:
            return
        time.sleep(0.2)
    raise AssertionError(f"leases are still held: {held}")
