"""The child that does the heavy work of a start: asked over a socket, ended when it is done."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from prefect.client.orchestration import PrefectClient

from adapters.config.problems import ConfigurationError
from adapters.config.settings import load_settings
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.up.place import ArenaPlace
from cli.up.processes import kill, marked
from cli.up.registrar import PlanFacts
from cli.up.registrar_child import RegistrarChild
from deployments.prefect_settings import PrefectPlace
from deployments.register import AccountDeployment, register_accounts
from deployments.schedule import RealSchedule

RUN = f"registrar-{os.getpid()}"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ArenaPlace:
    monkeypatch.chdir(tmp_path)
    return build_place(tmp_path)


def build_place(folder: Path, **overrides: object) -> ArenaPlace:
    settings = load_settings({}, {"PERPFLOW_HOME": folder / "home", **overrides})
    return ArenaPlace(settings=settings, environ=dict(os.environ), once=False, new_link=False)


@pytest.fixture
def child(place: ArenaPlace) -> Iterator[RegistrarChild]:
    made = RegistrarChild(place, run_id=RUN)
    yield made
    made.close()
    assert marked(RUN) == []


def test_a_plan_is_made_by_the_child_and_what_is_needed_of_it_comes_back(
    child: RegistrarChild, place: ArenaPlace
) -> None:
    facts = child.ask("plan")

    assert facts == PlanFacts(
        accounts_source="demo accounts",
        accounts=5,
        modes=("paper",) * 5,
        market="simulated-7",
        remarks=(),
    )
    assert not place.home.exists()


def test_a_refusal_and_a_faulty_file_arrive_as_what_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fast = RegistrarChild(build_place(tmp_path, PERPFLOW_SPEED=9999), run_id=RUN)
    (tmp_path / "bad.yaml").write_text("accounts:\n  - {id: A, strategy: grid, assets: [BTC]}\n")
    faulty = RegistrarChild(
        build_place(tmp_path, PERPFLOW_CONFIG=tmp_path / "bad.yaml"), run_id=RUN
    )
    try:
        with pytest.raises(CommandFailed, match="change --speed") as refused:
            fast.ask("plan")
        with pytest.raises(ConfigurationError, match=r"bad\.yaml:2: accounts\[0\]\.id"):
            faulty.ask("plan")
    finally:
        fast.close()
        faulty.close()

    assert refused.value.code is ExitCode.INVALID_CONFIGURATION


def test_a_child_that_breaks_down_says_why(child: RegistrarChild) -> None:
    with pytest.raises(CommandFailed) as failure:
        child.ask("no_such_question")

    assert failure.value.code is ExitCode.FAILED
    assert "stopped at the step no_such_question" in str(failure.value)
    assert "ended by itself with status 1" in str(failure.value)
    assert "AttributeError" in str(failure.value)


def test_closing_ends_a_question_that_another_thread_waits_for(child: RegistrarChild) -> None:
    outcome: list[Exception] = []

    def ask() -> None:
        try:
            child.ask("plan")
        except Exception as error:  # noqa: BLE001 - looked at below
            outcome.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.1)
    child.close()
    asking.join(10)

    assert not asking.is_alive()
    assert len(outcome) == 1
    assert isinstance(outcome[0], CommandFailed)


def test_the_child_ends_when_its_parent_has_gone(place: ArenaPlace) -> None:
    child = RegistrarChild(place, run_id=RUN)
    (process,) = marked(RUN)

    child._connection.close()

    psutil.wait_procs([process], timeout=20)
    assert marked(RUN) == []
    child.close()
    kill(marked(RUN))


@pytest.mark.prefect
async def test_the_schedules_of_all_accounts_are_ended_by_a_child(
    prefect_server: PrefectPlace,
    tmp_path: Path,
) -> None:
    schedule = RealSchedule(
        interval=timedelta(hours=1), anchor=datetime.now(UTC) + timedelta(hours=1)
    )
    account = AccountDeployment(account_id="grid", description="d", schedule=schedule)
    async with PrefectClient(prefect_server.api_url) as client:
        ids = await register_accounts(client, [account], work_folder=tmp_path)
        child = RegistrarChild(
            build_place(tmp_path, PERPFLOW_PREFECT_PORT=prefect_server.port), run_id=RUN
        )
        child.ask("end_schedules")
        child.close()
        (found,) = await client.read_deployment_schedules(ids["grid"])
        await client.delete_deployment(ids["grid"])

    assert not found.active
