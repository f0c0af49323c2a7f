"""The accounts table and a real Prefect server, kept in step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from prefect.client.orchestration import PrefectClient
from prefect.states import Scheduled
from sqlalchemy import Engine

from adapters.store.accounts import mark_removed, save_account
from adapters.store.arena import load_arena, save_arena
from adapters.store.commands import CommandKind
from adapters.store.operate import StatusWish, change_status
from deployments.control.mirror import Mirror
from deployments.control.prefect_rest import KnownDeployment, PrefectRest, WaitingRun
from deployments.control.registrar import Registrar
from deployments.pools import PROCESS
from deployments.prefect_settings import PrefectPlace
from deployments.register import ensure_work_pool
from tests.arena import START, TestArena, build_account, start_arena
from trading.account import Account
from trading.arena_clock import ArenaClock
from trading.timeframes import Timeframe

pytestmark = [pytest.mark.db, pytest.mark.prefect]
MINUTE = timedelta(minutes=1)


class Both:
    """Our side and Prefect's, with a mirror between them."""

    def __init__(self, arena: TestArena, api_url: str, folder: Path) -> None:
        self.arena = arena
        self.engine = engine = arena.engine
        flow = f"trade-account-{uuid4().hex[:8]}"
        self.rest = PrefectRest(api_url, flow=flow)
        self.api = httpx.AsyncClient(base_url=api_url, trust_env=False)
        registrar = Registrar(api_url=api_url, pool=PROCESS, work_folder=folder, flow=flow)
        self.mirror = Mirror(engine, self.rest, registrar)
        self.set_clock()

    def set_clock(self, *, ends_at: datetime | None = None, ago: timedelta = timedelta(0)) -> None:
        """In real time, from now on."""
        now = datetime.now(UTC)
        with self.engine.begin() as conn:
            arena = load_arena(conn)
            assert arena is not None
            clock = ArenaClock(
                real_anchor=now - ago, market_anchor=START, speed=1.0, ends_at=ends_at
            )
            save_arena(conn, replace(arena, clock=clock, seen_at=START))

    async def pass_once(self) -> None:
        await self.mirror.run()

    async def known(self, account_id: str = "momentum") -> KnownDeployment:
        return (await self.rest.deployments())[account_id]

    async def toggle(self, *, is_on: bool, account_id: str = "momentum") -> None:
        """As Prefect's page does it."""
        known = await self.known(account_id)
        path = f"/deployments/{known.id}/schedules/{known.schedule_ids[0]}"
        (await self.api.patch(path, json={"active": is_on})).raise_for_status()

    def operate(self, kind: CommandKind, account_id: str = "momentum") -> None:
        with self.engine.begin() as conn:
            change_status(conn, StatusWish(kind=kind, requested_by="cli"), [account_id])

    def status(self) -> object:
        return self.arena.one("select status from app.accounts where id = 'momentum'")[0]

    def commands(self) -> list[tuple[object, ...]]:
        return self.arena.rows("select kind, requested_by, state from app.commands order by id")

    def seen(self) -> object:
        return self.arena.one("select schedule_seen from app.accounts where id = 'momentum'")[0]


@pytest.fixture
def arena(engine: Engine) -> TestArena:
    return start_arena(engine)


@pytest.fixture
async def both(
    arena: TestArena, client: PrefectClient, prefect_server: PrefectPlace, tmp_path: Path
) -> AsyncIterator[Both]:
    await ensure_work_pool(client, PROCESS.name, PROCESS.worker_type)
    made = Both(arena, prefect_server.api_url, tmp_path)
    made.arena.add(build_account("momentum"))
    await made.pass_once()
    yield made
    await made.rest.close()
    await made.api.aclose()


async def test_an_account_that_was_added_gets_its_deployment_on_the_slots_of_the_clock(
    both: Both,
) -> None:
    known = await both.known()
    assert known.is_on
    assert known.schedule is not None
    assert known.schedule.interval == timedelta(hours=1)
    assert both.seen() is True


async def test_a_paused_account_is_added_with_its_switch_off(both: Both) -> None:
    both.arena.add(build_account("grid"))
    both.operate(CommandKind.PAUSE, "grid")
    await both.pass_once()
    assert not (await both.known("grid")).is_on


async def test_a_pass_without_differences_writes_nothing(both: Both) -> None:
    before = await both.known()
    events = both.arena.rows("select count(*) from app.events")
    await both.pass_once()
    assert await both.known() == before
    assert both.commands() == []
    assert both.arena.rows("select count(*) from app.events") == events


async def test_a_changed_interval_moves_the_schedule_and_keeps_the_switch(both: Both) -> None:
    both.operate(CommandKind.PAUSE)
    await both.pass_once()
    changed: Account = replace(build_account("momentum"), interval=Timeframe.M15)
    with both.engine.begin() as conn:
        save_account(conn, changed)
    await both.pass_once()
    known = await both.known()
    assert known.schedule is not None
    assert known.schedule.interval == timedelta(minutes=15)
    assert not known.is_on


async def test_a_clock_that_was_set_anew_moves_every_schedule(both: Both) -> None:
    both.set_clock(ago=timedelta(minutes=7))
    await both.pass_once()
    known = await both.known()
    with both.engine.connect() as conn:
        arena = load_arena(conn)
    assert arena is not None
    assert known.schedule is not None
    assert abs(known.schedule.anchor - arena.clock.real_anchor) < timedelta(seconds=1)


async def test_a_removed_account_loses_its_deployment_and_gets_it_back_when_added_again(
    both: Both,
) -> None:
    with both.engine.begin() as conn:
        mark_removed(conn, "momentum")
    await both.pass_once()
    assert await both.rest.deployments() == {}
    with both.engine.begin() as conn:
        save_account(conn, build_account("momentum"))
    await both.pass_once()
    assert (await both.known()).is_on
    assert both.commands() == [("stop", "control", "done"), ("resume", "control", "done")]


@pytest.mark.parametrize("kind", [CommandKind.PAUSE, CommandKind.STOP])
async def test_what_the_operator_decides_prefect_follows(both: Both, kind: CommandKind) -> None:
    both.operate(kind)
    await both.pass_once()
    assert not (await both.known()).is_on
    assert both.commands() == [(kind.value, "cli", "done")]
    both.operate(CommandKind.RESUME)
    await both.pass_once()
    assert (await both.known()).is_on
    assert both.commands()[1:] == [("resume", "cli", "done")]


async def test_what_is_switched_in_prefect_we_follow_and_write_down(both: Both) -> None:
    await both.toggle(is_on=False)
    await both.pass_once()
    assert both.status() == "paused"
    assert both.commands() == [("pause", "prefect", "done")]
    await both.toggle(is_on=True)
    await both.pass_once()
    assert both.status() == "active"
    assert both.commands()[1:] == [("resume", "prefect", "done")]


async def test_prefects_pause_of_a_whole_deployment_counts_as_its_switch(both: Both) -> None:
    known = await both.known()
    (await both.api.post(f"/deployments/{known.id}/pause_deployment")).raise_for_status()
    await both.pass_once()
    assert both.status() == "paused"
    both.operate(CommandKind.RESUME)
    await both.pass_once()
    assert (await both.known()).is_on


async def test_a_stopped_account_is_not_resumed_from_prefect_and_its_switch_goes_back(
    both: Both,
) -> None:
    both.operate(CommandKind.STOP)
    await both.pass_once()
    await both.toggle(is_on=True)
    await both.pass_once()
    assert both.status() == "stopped"
    assert not (await both.known()).is_on
    assert both.commands()[1:] == [("resume", "prefect", "failed")]
    told = both.arena.rows("select payload ->> 'sentence' from app.events where kind = :k",
                           k="operator.refused")  # fmt: skip
    assert told == [
        (
            "momentum is stopped and cannot be resumed in Prefect;"
            " run: perpflow accounts resume momentum",
        )
    ]


async def test_the_end_of_recorded_data_switches_off_without_pausing_anybody(both: Both) -> None:
    both.set_clock(ends_at=START, ago=timedelta(seconds=1))
    await both.pass_once()
    await both.pass_once()
    assert not (await both.known()).is_on
    assert both.status() == "active"
    both.set_clock()
    await both.pass_once()
    await both.pass_once()
    assert (await both.known()).is_on
    assert both.commands() == []


async def test_without_prefect_a_command_is_done_with_that_remark(both: Both) -> None:
    away = PrefectRest("http://127.0.0.1:1/api")
    both.operate(CommandKind.PAUSE)

    async def register(*_: object) -> None:
        raise AssertionError

    with pytest.raises(httpx.ConnectError):
        await Mirror(both.engine, away, register).run()
    await away.close()
    assert both.arena.one("select state, outcome from app.commands") == (
        "done",
        "in force; Prefect is away, its switch follows when it is back",
    )
    await both.pass_once()
    assert not (await both.known()).is_on


async def test_runs_more_than_half_an_interval_late_are_given_up_and_newer_ones_kept(
    both: Both, client: PrefectClient
) -> None:
    now = datetime.now(UTC)
    known = await both.known()
    ages = {"old": 90, "over": 31, "late": 29, "ahead": -30}  # minutes; the interval is an hour
    runs = {
        name: WaitingRun(id=str(uuid4()), deployment_id=known.id, due_at=now - age * MINUTE)
        for name, age in ages.items()
    }
    real: dict[str, str] = {}
    for name, run in runs.items():
        made = await client.create_flow_run_from_deployment(
            UUID(known.id), state=Scheduled(scheduled_time=run.due_at)
        )
        real[name] = str(made.id)

    class Planned(PrefectRest):
        """Says that the scheduler made the runs: only it can, and not in the past."""

        async def deployments(self) -> dict[str, KnownDeployment]:
            return await both.rest.deployments()

        async def waiting_runs(self, *, before: datetime) -> list[WaitingRun]:
            assert await both.rest.waiting_runs(before=before) == []  # these were made by hand
            return [
                replace(run, id=real[name]) for name, run in runs.items() if run.due_at < before
            ]

        async def give_up_run(self, run: WaitingRun, message: str) -> None:
            await both.rest.give_up_run(run, message)

    async def register(*_: object) -> None:
        raise AssertionError

    await Mirror(both.engine, Planned("http://127.0.0.1:1/api"), register).run()
    states = {name: (await client.read_flow_run(UUID(run))).state for name, run in real.items()}
    assert {name: state.name for name, state in states.items() if state} == {
        "old": "Missed",
        "over": "Missed",
        "late": "Scheduled",
        "ahead": "Scheduled",
    }


async def test_a_run_that_is_gone_needs_no_giving_up(both: Both) -> None:
    gone = WaitingRun(id=str(uuid4()), deployment_id=str(uuid4()), due_at=datetime.now(UTC))
    await both.rest.give_up_run(gone, "late")


async def test_one_account_that_fails_does_not_keep_the_others_from_being_treated(
    both: Both,
) -> None:
    both.arena.add(build_account("grid"))
    await both.pass_once()
    known = await both.known("grid")

    class GridFails(PrefectRest):
        async def switch(self, known: KnownDeployment, *, is_on: bool) -> None:
            if known.account_id == "grid":
                raise httpx.ReadTimeout("busy")
            await both.rest.switch(known, is_on=is_on)

        async def deployments(self) -> dict[str, KnownDeployment]:
            return await both.rest.deployments()

    with both.engine.begin() as conn:
        change_status(conn, StatusWish(kind=CommandKind.PAUSE, requested_by="cli"), None)

    async def register(*_: object) -> None:
        raise AssertionError

    with pytest.raises(httpx.ReadTimeout):
        await Mirror(both.engine, GridFails("http://127.0.0.1:1/api"), register).run()
    assert not (await both.known()).is_on
    assert (await both.known("grid")).is_on == known.is_on
    await both.pass_once()
    assert not (await both.known("grid")).is_on


async def test_both_switches_of_many_accounts_agree_again_within_one_short_pass(
    both: Both,
) -> None:
    both.arena.add(*(replace(build_account("grid"), id=f"grid-{n}") for n in range(12)))
    for _ in range(3):
        await both.pass_once()
    assert len(await both.rest.deployments()) == 13
    with both.engine.begin() as conn:
        change_status(conn, StatusWish(kind=CommandKind.PAUSE, requested_by="cli"), None)
    async with asyncio.timeout(5):
        await both.pass_once()
    assert [one.is_on for one in (await both.rest.deployments()).values()] == [False] * 13
