"""What the lean engine leaves out of a run's record, and what it does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import prefect.utilities.collections
import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import TaskRun, TaskRunResult

from deployments.warm.lean import visit_shallow
from tests.deployments.warm_flows import Note
from tests.deployments.warm_pool import Pool, Start
from tests.waiting import until
from trading.account import ModelProvider

PROVIDER = ModelProvider(base_url="http://models")
TaskRuns = dict[str, TaskRun]


async def _task_runs(
    client: PrefectClient, run: UUID, until: Callable[[TaskRuns], bool]
) -> TaskRuns:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        read = await client.read_task_runs(
            flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run]))
        )
        by_name = {task_run.name.rpartition("-")[0]: task_run for task_run in read}
        if until(by_name):
            return by_name
        await asyncio.sleep(0.2)
    raise AssertionError({name: task_run.state_name for name, task_run in by_name.items()})


@pytest.mark.prefect
@pytest.mark.timeout(240)
async def test_tasks_are_recorded_with_times_retries_and_what_they_were_made_of(
    client: PrefectClient, pool: Pool, start: Start
) -> None:
    run = await start("has_tasks", "tasks")
    await until((pool.work / "tasks.ready").exists, 60)
    tasks = await _task_runs(client, run, lambda found: "takes_its_time" in found)
    assert tasks["takes_its_time"].state_name == "Running"
    short, retried = tasks["write_note"], tasks["read_note"]
    assert short.state_name == retried.state_name == "Completed"
    assert short.start_time is not None
    assert short.end_time is not None
    assert timedelta() < short.end_time - short.start_time < timedelta(seconds=5)
    assert retried.run_count == 2
    assert retried.task_inputs["note"] == [TaskRunResult(id=short.id)]


@pytest.fixture
def _visitor(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a child: Prefect's function calls itself by its name."""
    monkeypatch.setattr(prefect.utilities.collections, "visit_collection", visit_shallow)


@pytest.mark.usefixtures("_visitor")
def test_parameters_are_searched_for_futures_but_not_inside_our_own_records() -> None:
    seen: list[object] = []
    visit_shallow({"market": [PROVIDER], "note": Note("text")}, seen.append, return_data=False)
    assert PROVIDER in seen
    assert "text" in seen
    assert PROVIDER.base_url not in seen


@pytest.mark.usefixtures("_visitor")
def test_a_replaced_value_reaches_the_task() -> None:
    def doubled(value: object) -> object:
        return 2 * value if isinstance(value, int) else value

    assert visit_shallow([1, {"a": 2}, PROVIDER], doubled, return_data=True) == [
        2,
        {"a": 4},
        PROVIDER,
    ]
