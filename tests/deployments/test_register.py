"""Accounts in a real Prefect server."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.states import Late, Pending, Running, Scheduled

from deployments.register import (
    AccountDeployment,
    FlowReference,
    register_accounts,
    start_runs,
    stop_schedules,
)
from deployments.schedule import RealSchedule

pytestmark = pytest.mark.prefect

HOUR = timedelta(hours=1)


class Arena:
    """One flow with its deployments, apart from those of other tests."""

    def __init__(self, client: PrefectClient, folder: Path) -> None:
        self.client = client
        self.folder = folder
        name = f"trade-account-{uuid4().hex[:8]}"
        self.flow = FlowReference(name=name, entrypoint="flows.trade_account.trade_account")

    async def register(
        self, *account_ids: str, schedule: RealSchedule | None = None
    ) -> dict[str, UUID]:
        accounts = [
            AccountDeployment(account_id=each, description="d", schedule=schedule, tags=("paper",))
            for each in account_ids
        ]
        return await register_accounts(
            self.client,
            accounts,
            work_folder=self.folder,
            flow=self.flow,
            pool=f"pool-{self.flow.name}",
        )

    async def runs(self, deployment_id: UUID) -> list[FlowRun]:
        chosen = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment_id]))
        return await self.client.read_flow_runs(flow_run_filter=chosen)


@pytest.fixture
def arena(client: PrefectClient, tmp_path: Path) -> Arena:
    return Arena(client, tmp_path)


def every_hour(*, starting: timedelta = HOUR) -> RealSchedule:
    return RealSchedule(interval=HOUR, anchor=datetime.now(UTC) + starting)


async def test_an_account_becomes_a_deployment_that_carries_its_id_and_nothing_else(
    arena: Arena,
) -> None:
    schedule = every_hour()

    ids = await arena.register("alpha", schedule=schedule)

    found = await arena.client.read_deployment_by_name(f"{arena.flow.name}/alpha")
    assert found.id == ids["alpha"]
    assert found.parameters == {"account_id": "alpha"}
    assert found.entrypoint == "flows.trade_account.trade_account"
    assert not found.pull_steps
    assert found.path is None
    assert found.global_concurrency_limit is None  # the lease in our own database decides
    [planned] = found.schedules
    assert planned.schedule.interval == schedule.interval
    assert abs(planned.schedule.anchor_date - schedule.anchor) < timedelta(milliseconds=1)


async def test_the_scheduler_plans_runs_exactly_on_the_anchor(arena: Arena) -> None:
    schedule = every_hour(starting=timedelta(minutes=10))
    ids = await arena.register("alpha", schedule=schedule)

    runs: list[FlowRun] = []
    for _ in range(60):
        runs = await arena.runs(ids["alpha"])
        if len(runs) >= 3:
            break
        await asyncio.sleep(0.25)

    due = sorted(run.expected_start_time for run in runs)
    assert len(due) >= 3
    for count, instant in enumerate(due):
        expected = schedule.anchor + count * HOUR
        assert abs(instant - expected) < timedelta(milliseconds=1)


async def test_registering_again_moves_the_schedule_and_drops_the_old_runs(arena: Arena) -> None:
    ids = await arena.register("alpha", schedule=every_hour())
    planned = await arena.client.create_flow_run_from_deployment(
        ids["alpha"], state=Scheduled(scheduled_time=datetime.now(UTC) + HOUR)
    )
    missed = await arena.client.create_flow_run_from_deployment(ids["alpha"])
    await arena.client.set_flow_run_state(missed.id, Late(), force=True)
    moved = every_hour(starting=timedelta(minutes=25))

    again = await arena.register("alpha", schedule=moved)

    assert again == ids
    for gone in (planned, missed):
        with pytest.raises(ObjectNotFound):
            await arena.client.read_flow_run(gone.id)
    found = await arena.client.read_deployment(ids["alpha"])
    [schedule] = found.schedules
    assert abs(schedule.schedule.anchor_date - moved.anchor) < timedelta(milliseconds=1)


async def test_runs_that_died_with_their_process_are_crashed_and_give_their_place_back(
    arena: Arena,
) -> None:
    ids = await arena.register("alpha")
    dead = await arena.client.create_flow_run_from_deployment(ids["alpha"])
    await arena.client.set_flow_run_state(dead.id, Pending())
    await arena.client.set_flow_run_state(dead.id, Running())

    await arena.register("alpha")

    state = (await arena.client.read_flow_run(dead.id)).state
    assert state is not None
    assert state.is_crashed()
    next_run = await arena.client.create_flow_run_from_deployment(ids["alpha"])
    answer = await arena.client.set_flow_run_state(next_run.id, Pending())
    assert answer.state is not None
    assert answer.state.is_pending(), answer


async def test_a_deployment_that_was_paused_stays_paused(arena: Arena) -> None:
    ids = await arena.register("alpha", schedule=every_hour())
    await arena.client.pause_deployment(ids["alpha"])

    await arena.register("alpha", schedule=every_hour())

    assert (await arena.client.read_deployment(ids["alpha"])).paused


async def test_a_schedule_that_was_switched_off_on_prefects_page_stays_off(arena: Arena) -> None:
    ids = await arena.register("alpha", schedule=every_hour())
    await stop_schedules(arena.client, ids.values())

    await arena.register("alpha", schedule=every_hour())

    [schedule] = (await arena.client.read_deployment(ids["alpha"])).schedules
    assert not schedule.active


async def test_the_deployment_of_a_removed_account_is_deleted_and_the_others_stay(
    arena: Arena,
) -> None:
    ids = await arena.register("alpha", "beta")

    left = await arena.register("beta")

    assert left == {"beta": ids["beta"]}
    with pytest.raises(ObjectNotFound):
        await arena.client.read_deployment(ids["alpha"])


async def test_a_stop_that_paused_the_pool_does_not_keep_the_next_start_from_running(
    arena: Arena,
) -> None:
    await arena.register("alpha")
    pool = f"pool-{arena.flow.name}"
    await arena.client.update_work_pool(pool, _paused())

    await arena.register("alpha")

    assert not (await arena.client.read_work_pool(pool)).is_paused


async def test_without_a_schedule_runs_come_by_hand_only(arena: Arena) -> None:
    ids = await arena.register("alpha", "beta")

    runs = await start_runs(arena.client, ids)

    assert set(runs) == {"alpha", "beta"}
    run = await arena.client.read_flow_run(runs["beta"])
    assert run.parameters == {"account_id": "beta"}
    assert not (await arena.client.read_deployment(ids["alpha"])).schedules


async def test_a_market_that_has_ended_leaves_no_planned_runs(arena: Arena) -> None:
    ids = await arena.register("alpha", schedule=every_hour())

    await stop_schedules(arena.client, ids.values())

    [schedule] = (await arena.client.read_deployment(ids["alpha"])).schedules
    assert not schedule.active
    assert await arena.runs(ids["alpha"]) == []


def _paused():
    from prefect.client.schemas.actions import WorkPoolUpdate

    return WorkPoolUpdate(is_paused=True)
