"""`python -m deployments.control` as a process of its own, on a real Postgres and Prefect server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.client.orchestration import PrefectClient
from sqlalchemy import Engine

from adapters.store.arena import load_arena, save_arena
from adapters.store.commands import CommandKind
from adapters.store.control_lock import is_controlled
from adapters.store.halting import Halt, halt
from adapters.store.operate import StatusWish, change_status
from deployments.pools import POOLS
from deployments.prefect_settings import PrefectPlace, worker_environment
from deployments.register import ensure_work_pool
from tests.arena import START, TestArena, build_account, start_arena
from tests.waiting import wait_until
from trading.arena_clock import ArenaClock

pytestmark = [pytest.mark.db, pytest.mark.prefect, pytest.mark.timeout(240)]

AGREE_SECONDS = 5.0
ROOT = Path(__file__).parents[2]


@pytest.fixture
def arena(engine: Engine) -> TestArena:
    """One account, on a clock that runs in real time."""
    made = start_arena(engine)
    made.add(build_account("momentum"))
    with engine.begin() as conn:
        found = load_arena(conn)
        assert found is not None
        clock = ArenaClock(real_anchor=datetime.now(UTC), market_anchor=START, speed=1.0)
        save_arena(conn, replace(found, clock=clock))
    return made


@pytest.fixture
async def pools(client: PrefectClient) -> None:
    for pool in POOLS.values():
        await ensure_work_pool(client, pool.name, pool.worker_type)


class Control:
    """The process and its log."""

    def __init__(self, arena: TestArena, place: PrefectPlace, folder: Path) -> None:
        self.log = folder / "control.log"
        url = arena.engine.url.render_as_string(hide_password=False)
        environment = worker_environment(place, os.environ)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deployments.control"],
                env={**environment, "DATABASE_URL": url, "PERPFLOW_HOME": str(folder)},
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)


@pytest.fixture
def control(
    arena: TestArena, prefect_server: PrefectPlace, pools: None, tmp_path: Path
) -> Iterator[Control]:
    started = Control(arena, prefect_server, tmp_path)
    yield started
    if started.process.poll() is None:
        started.process.kill()
        started.process.wait()


@pytest.fixture
def prefect(prefect_server: PrefectPlace) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=prefect_server.api_url, trust_env=False, timeout=20) as client:
        yield client


def deployment(prefect: httpx.Client) -> dict[str, Any] | None:
    answer = prefect.get("/deployments/name/trade-account/momentum")
    return answer.json() if answer.is_success else None


def is_on(prefect: httpx.Client) -> bool:
    found = deployment(prefect)
    return found is not None and found["schedules"][0]["active"]


def toggle(prefect: httpx.Client, *, on: bool) -> None:
    found = deployment(prefect)
    assert found is not None
    path = f"/deployments/{found['id']}/schedules/{found['schedules'][0]['id']}"
    prefect.patch(path, json={"active": on}).raise_for_status()


def operate(arena: TestArena, kind: CommandKind) -> None:
    with arena.engine.begin() as conn:
        change_status(conn, StatusWish(kind=kind, requested_by="test"), ["momentum"])


def status(arena: TestArena) -> object:
    return arena.one("select status from app.accounts")[0]


def test_both_switches_agree_within_five_seconds_whichever_side_was_used(
    arena: TestArena, control: Control, prefect: httpx.Client
) -> None:
    wait_until(lambda: is_on(prefect), 60)
    for kind, on in ((CommandKind.PAUSE, False), (CommandKind.RESUME, True)):
        operate(arena, kind)
        wait_until(lambda on=on: is_on(prefect) is on, AGREE_SECONDS)
    for on, word in ((False, "paused"), (True, "active")):
        toggle(prefect, on=on)
        wait_until(lambda word=word: status(arena) == word, AGREE_SECONDS)
    operate(arena, CommandKind.STOP)
    wait_until(lambda: not is_on(prefect), AGREE_SECONDS)
    toggle(prefect, on=True)
    wait_until(lambda: not is_on(prefect), AGREE_SECONDS)
    assert status(arena) == "stopped"
    written = "select kind, requested_by, state from app.commands order by id"
    wait_until(lambda: len(arena.rows(written)) == 6, AGREE_SECONDS)  # after the switch
    assert arena.rows(written) == [
        ("pause", "test", "done"),
        ("resume", "test", "done"),
        ("pause", "prefect", "done"),
        ("resume", "prefect", "done"),
        ("stop", "test", "done"),
        ("resume", "prefect", "failed"),
    ]
    assert control.stop() == 0


def test_the_loop_flattens_and_survives_the_loss_of_its_database_connections(
    arena: TestArena, control: Control
) -> None:
    def controlled() -> bool:
        with arena.engine.connect() as conn:
            return is_controlled(conn)

    wait_until(controlled, 60)
    arena.rows(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = 'perpflow-control' and datname = current_database()"
    )
    halt(arena.engine, Halt(account_id=None, requested_by="test", flatten=True))
    done = "select state from app.commands where kind = 'flatten'"
    wait_until(lambda: arena.one(done) == ("done",), 60)
    assert controlled()
    assert control.stop() == 0
    assert not controlled()
    assert control.log.read_text().count("the control loop works") == 2


def test_a_second_loop_waits_until_the_first_has_gone(
    arena: TestArena, control: Control, prefect_server: PrefectPlace, tmp_path: Path
) -> None:
    folder = tmp_path / "second"
    folder.mkdir()
    wait_until(lambda: "the control loop works" in control.log.read_text(), 60)
    second = Control(arena, prefect_server, folder)
    try:
        wait_until(lambda: "waiting" in second.log.read_text(), 60)
        assert control.stop() == 0
        wait_until(lambda: "the control loop works" in second.log.read_text(), 20)
        assert second.stop() == 0
    finally:
        second.process.kill()
        second.process.wait()


def test_without_prefect_it_goes_on_and_says_so_once(arena: TestArena, tmp_path: Path) -> None:
    nowhere = PrefectPlace(folder=tmp_path / "prefect", port=1)
    operate(arena, CommandKind.PAUSE)
    alone = Control(arena, nowhere, tmp_path)
    try:
        wait_until(lambda: arena.one("select state from app.commands") == ("done",), 60)
        time.sleep(6)
        assert alone.stop() == 0
    finally:
        alone.process.kill()
        alone.process.wait()
    assert alone.log.read_text().count("keeping Prefect in step fails") == 1


def test_without_its_environment_it_names_what_is_missing(tmp_path: Path) -> None:
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "deployments.control"],
        env=bare, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 3
    assert "missing in the environment: DATABASE_URL, PREFECT_API_URL" in done.stderr
