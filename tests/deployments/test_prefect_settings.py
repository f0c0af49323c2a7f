"""How Prefect is set up on one machine."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.prefect_settings import (
    CLIENT_SETTINGS,
    SERVER_SETTINGS,
    WORKER_SETTINGS,
    PrefectPlace,
    client_environment,
    server_environment,
    worker_environment,
)

READ_SETTINGS = """
import json, warnings
warnings.simplefilter("error")
from prefect.settings import get_current_settings
settings = get_current_settings()
print(json.dumps({
    "known": sorted(settings.to_environment_variables(exclude_unset=True)),
    "home": str(settings.home),
    "database": settings.server.database.connection_url.get_secret_value(),
    "host": settings.server.api.host,
    "ui_api": settings.server.ui.api_url,
    "vacuum": sorted(settings.server.services.db_vacuum.enabled_vacuum_types),
}))
"""


@pytest.fixture
def place(tmp_path: Path) -> PrefectPlace:
    return PrefectPlace(folder=tmp_path / "prefect", port=4321)


def test_prefect_knows_every_variable_that_we_set_and_keeps_to_the_data_folder(
    place: PrefectPlace,
) -> None:
    environment = {
        **server_environment(place, os.environ),
        **worker_environment(place, os.environ),
    }

    done = subprocess.run(
        [sys.executable, "-c", READ_SETTINGS],
        env={**environment, "PREFECT_SERVER_ENCRYPTION_KEY": "x"},
        cwd=place.folder,
        capture_output=True,
        text=True,
        check=True,
    )

    read = json.loads(done.stdout)
    ours = {
        name
        for settings in (SERVER_SETTINGS, CLIENT_SETTINGS, WORKER_SETTINGS)
        for name in settings
        if name.startswith("PREFECT_")
    }
    # A misspelt variable would be ignored in silence.
    assert ours - set(read["known"]) == set()
    assert read["home"] == str(place.folder)
    database = f"sqlite+aiosqlite:///{place.folder}/prefect.db"
    assert read["database"] == f"{database}?plugin=perpflow_sqlite"
    assert read["host"] == "127.0.0.1"
    assert read["ui_api"] == "http://127.0.0.1:4321/api"
    assert read["vacuum"] == ["events", "flow_runs", "orphans"]


def test_the_key_for_prefects_blocks_is_made_once_and_only_its_owner_can_read_it(
    place: PrefectPlace,
) -> None:
    first = server_environment(place, {})["PREFECT_SERVER_ENCRYPTION_KEY"]
    second = server_environment(place, {})["PREFECT_SERVER_ENCRYPTION_KEY"]

    assert first == second
    assert len(first) == 44
    assert stat.S_IMODE((place.folder / "encryption.key").stat().st_mode) == 0o600


def test_prefect_settings_of_the_user_do_not_reach_our_prefect(place: PrefectPlace) -> None:
    theirs = {"PREFECT_API_KEY": "cloud", "PREFECT_PROFILE": "work", "PATH": "/bin"}

    environment = client_environment(place, theirs)

    assert "PREFECT_API_KEY" not in environment
    assert "PREFECT_PROFILE" not in environment
    assert environment["PATH"] == "/bin"


def test_a_proxy_of_the_user_does_not_stand_before_the_server_beside_us(
    place: PrefectPlace,
) -> None:
    environment = client_environment(place, {"HTTP_PROXY": "http://proxy", "no_proxy": "intranet"})

    assert environment["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    assert environment["HTTP_PROXY"] == "http://proxy"


def test_a_worker_keeps_its_temporary_files_away_from_other_users(place: PrefectPlace) -> None:
    private = Path(worker_environment(place, {"TMPDIR": "/tmp"})["TMPDIR"])
    assert private.is_relative_to(place.folder)
    assert private.stat().st_mode & 0o077 == 0
