"""What a dead worker or an earlier life left in a real Prefect server, cleared by plain requests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectNotFound
from prefect.states import Paused, Pending, Running, Scheduled

from cli.up.kept_process import KeptProcess, answers_at, has_pulse
from deployments.left_overs import WORKER_DIED, clear_pool, crash_unfinished_runs
from deployments.pool_requests import count_runs, last_heartbeat, pause_pool
from deployments.prefect_settings import PrefectPlace

pytestmark = pytest.mark.prefect

Requests = httpx.AsyncClient
UNDER_WAY = (Running(), Pending(), Paused())


@pytest.fixture
async def requests(prefect_server: PrefectPlace) -> AsyncIterator[Requests]:
    """What the supervising process has: no client of Prefect."""
    async with httpx.AsyncClient(base_url=prefect_server.api_url, trust_env=False) as made:
        yield made


class Pool:
    """A work pool with one deployment."""

    def __init__(self, client: PrefectClient) -> None:
        self.client = client
        self.name = f"pool-{uuid4().hex[:8]}"
        self.deployment_id: UUID

    async def make(self) -> Pool:
        await self.client.create_work_pool(WorkPoolCreate(name=self.name, type="process"))
        flow_id = await self.client.create_flow_from_name(f"flow-{self.name}")
        self.deployment_id = await self.client.create_deployment(
            flow_id=flow_id,
            name="grid",
            entrypoint="flows.trade_account.trade_account",
            work_pool_name=self.name,
            concurrency_limit=1,
        )
        return self

    async def run(self, state: object) -> UUID:
        made = await self.client.create_flow_run_from_deployment(self.deployment_id)
        await self.client.set_flow_run_state(made.id, state, force=True)
        return made.id

    async def state(self, run_id: UUID) -> str:
        found = (await self.client.read_flow_run(run_id)).state
        assert found is not None
        return found.type.value


@pytest.fixture
async def pool(client: PrefectClient) -> Pool:
    return await Pool(client).make()


async def test_the_runs_of_a_dead_worker_are_marked_as_crashed_and_planned_ones_stay(
    client: PrefectClient, requests: Requests, pool: Pool
) -> None:
    dead = [await pool.run(state) for state in UNDER_WAY]
    planned = await pool.run(Scheduled(scheduled_time=datetime.now(UTC) + timedelta(hours=1)))
    other = await Pool(client).make()
    elsewhere = await other.run(Running())

    count = await crash_unfinished_runs(requests, pool.name)

    assert count == len(dead)
    assert [await pool.state(run) for run in dead] == ["CRASHED"] * 3
    assert (await client.read_flow_run(dead[0])).state.message == WORKER_DIED
    assert await pool.state(planned) == "SCHEDULED"
    assert await other.state(elsewhere) == "RUNNING"


async def test_a_place_that_a_dead_run_held_is_given_back(
    client: PrefectClient, requests: Requests, pool: Pool
) -> None:
    limit = (await client.read_deployment(pool.deployment_id)).global_concurrency_limit
    assert limit is not None
    await requests.patch(f"/v2/concurrency_limits/{limit.name}", json={"active_slots": 1})

    await crash_unfinished_runs(requests, pool.name)

    limit = (await client.read_deployment(pool.deployment_id)).global_concurrency_limit
    assert limit is not None
    assert limit.active_slots == 0


async def test_after_a_stop_nothing_is_planned_and_nothing_claims_to_run(
    requests: Requests, pool: Pool
) -> None:
    running = await pool.run(Running())
    planned = await pool.run(Scheduled(scheduled_time=datetime.now(UTC)))

    await clear_pool(requests, pool.name)

    assert await pool.state(running) == "CRASHED"
    with pytest.raises(ObjectNotFound):
        await pool.state(planned)


async def test_running_cycles_are_counted_by_pool(
    client: PrefectClient, requests: Requests, pool: Pool
) -> None:
    for state in (Running(), Running(), Pending()):
        await pool.run(state)
    await (await Pool(client).make()).run(Running())

    assert await count_runs(requests, pool.name, ("RUNNING",)) == 2


async def test_a_pool_is_paused_and_goes_on(
    client: PrefectClient, requests: Requests, pool: Pool
) -> None:
    await pause_pool(requests, pool.name, paused=True)
    assert (await client.read_work_pool(pool.name)).is_paused

    await pause_pool(client, pool.name, paused=False)  # Prefect's own client does as well
    assert not (await client.read_work_pool(pool.name)).is_paused


async def test_a_worker_is_heard_of_by_its_heartbeat(
    client: PrefectClient, requests: Requests, pool: Pool
) -> None:
    assert await last_heartbeat(requests, pool.name, "perpflow") is None
    assert await last_heartbeat(requests, "no-such-pool", "perpflow") is None

    await client.send_worker_heartbeat(pool.name, "perpflow", heartbeat_interval_seconds=30)

    heard = await last_heartbeat(requests, pool.name, "perpflow")
    assert heard is not None
    assert abs(datetime.now(UTC) - heard) < timedelta(seconds=10)


async def test_a_worker_is_well_when_it_has_been_heard_of_in_this_life(
    client: PrefectClient, requests: Requests, pool: Pool
) -> None:
    check = has_pulse(requests, pool.name, "perpflow")
    await client.send_worker_heartbeat(pool.name, "perpflow", heartbeat_interval_seconds=30)

    assert await check(aged(60)) is True
    assert await check(aged(0)) is False  # that was the life before


async def test_while_prefect_is_away_nothing_is_known_of_the_worker() -> None:
    async with httpx.AsyncClient(base_url="http://127.0.0.1:1/api", trust_env=False) as away:
        assert await has_pulse(away, "pool", "perpflow")(aged(60)) is None


async def test_a_server_is_well_when_it_answers(
    prefect_server: PrefectPlace, requests: Requests
) -> None:
    assert await answers_at(requests, f"{prefect_server.api_url}/ready")(aged(5)) is True
    assert await answers_at(requests, f"{prefect_server.api_url}/no-such")(aged(5)) is False
    assert await answers_at(requests, "http://127.0.0.1:1/health")(aged(5)) is False


class aged(KeptProcess):  # noqa: N801 - reads as a phrase in the tests
    """A part that was started so many seconds ago."""

    def __init__(self, seconds: float) -> None:
        self.has_answered = False
        self._seconds = seconds

    @property
    def age(self) -> float:
        return self._seconds
