"""Settings of the processes, and the data folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.config.folders import data_folder
from adapters.config.problems import ConfigurationError
from adapters.config.settings import effective_environment, load_settings


def test_a_real_variable_is_never_overridden_by_the_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("API_PORT=4000\nPERPFLOW_SEED=9\nTOKEN='a$B'\n")

    environ = effective_environment({"API_PORT": "5000"}, tmp_path)

    assert environ["API_PORT"] == "5000"
    assert environ["PERPFLOW_SEED"] == "9"
    assert environ["TOKEN"] == "a$B"


def test_the_command_line_wins_over_the_environment() -> None:
    settings = load_settings({"API_PORT": "5000", "PERPFLOW_SPEED": "2"}, {"API_PORT": 6000})

    assert settings.api_port == 6000
    assert settings.speed == 2.0


def test_app_port_is_another_name_and_an_empty_variable_is_none() -> None:
    settings = load_settings({"APP_PORT": "5000", "API_HOST": "", "DATABASE_URL": ""}, {})

    assert settings.api_port == 5000
    assert settings.api_host == "0.0.0.0"
    assert settings.database_url is None


def test_all_variables_out_of_range_are_named_together_with_what_is_allowed() -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings({"API_PORT": "99999", "PERPFLOW_MARKET": "moon"}, {"PERPFLOW_SPEED": -1})

    assert sorted(str(problem) for problem in refused.value.problems) == [
        "command line: --speed is -1; allowed is a number above 0 and up to 10000",
        "environment: API_PORT is 99999; allowed is a whole number from 1 to 65535",
        "environment: PERPFLOW_MARKET is moon; allowed is simulated, recorded or aster",
    ]


def test_another_database_than_postgres_is_refused_without_showing_its_password() -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings({"DATABASE_URL": "mysql://root:canary-5f1e@db/x"}, {})

    assert "DATABASE_URL is not the address of a PostgreSQL database" in str(refused.value)
    assert "canary" not in str(refused.value)


def test_the_password_of_the_database_is_not_in_the_settings_text() -> None:
    settings = load_settings({"DATABASE_URL": "postgresql://u:canary-5f1e@db/x"}, {})

    assert "canary" not in repr(settings)


def test_the_data_folder_is_the_given_one_the_systems_for_root_and_else_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))

    assert data_folder({"PERPFLOW_HOME": "/srv/arena"}, is_root=True) == Path("/srv/arena")
    assert data_folder({}, is_root=True) == Path("/var/lib/perpflow")
    assert data_folder({}, is_root=False).is_relative_to(tmp_path)
    assert data_folder({"PERPFLOW_HOME": "arena"}, is_root=False) == Path.cwd() / "arena"
