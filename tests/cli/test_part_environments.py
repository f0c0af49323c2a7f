"""Which process gets to see which secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.config.settings import load_settings
from cli.up.environments import for_api, for_prefect_server, for_worker
from cli.up.plan import UpPlan, make_plan

SECRET = "canary-5f1e"
ENVIRON = {
    "PATH": "/bin",
    "HOME": "",
    "LC_ALL": "C.UTF-8",
    "OPENROUTER_API_KEY": SECRET,
    "ASTERDEX_API_SECRET_account1": SECRET,
    "API_KEY": SECRET,
    "PERPFLOW_ANYTHING": SECRET,
    "API_CORS_ORIGINS": "https://desk.example.com",
}
URL = "postgresql+psycopg://app:pw@127.0.0.1:1/app"


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UpPlan:
    monkeypatch.chdir(tmp_path)
    settings = load_settings({}, {"PERPFLOW_HOME": tmp_path / "home"})
    return make_plan(settings, ENVIRON, once=False, new_link=False)


def test_the_processes_that_listen_on_a_port_see_no_key(plan: UpPlan) -> None:
    api = for_api(plan, URL)

    assert SECRET not in api.values()
    assert SECRET not in for_prefect_server(plan).values()
    assert api["API_CORS_ORIGINS"] == "https://desk.example.com"
    assert api["DATABASE_URL"] == URL


def test_the_worker_sees_what_references_point_to(plan: UpPlan) -> None:
    worker = for_worker(plan, URL)

    assert worker["OPENROUTER_API_KEY"] == SECRET
    assert worker["PREFECT_API_URL"] == "http://127.0.0.1:4200/api"


def test_prefects_server_never_gets_the_database_of_the_arena(plan: UpPlan) -> None:
    assert "DATABASE_URL" not in for_prefect_server(plan)


def test_without_a_home_the_data_folder_serves_as_one(plan: UpPlan) -> None:
    assert for_worker(plan, URL)["HOME"] == str(plan.home)
    assert for_api(plan, URL)["HOME"] == str(plan.home)
