"""`doctor`, `config` and `version`: what they report, for people and for scripts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.exit_codes import ExitCode
from tests.cli.conftest import Ended
from tests.ports import free_port

Perpflow = Callable[..., Ended]

BAD = "accounts:\n  - {id: a, strategy: grid, assets: [BTC], interval: 2h}\n"
KEYS = "DATABASE_URL=postgresql://u:canary-5f1e@db/x\nOPENROUTER_API_KEY=canary-77aa\n"


def test_doctor_finds_nothing_to_repair_here_and_offers_json(perpflow: Perpflow) -> None:
    ended = perpflow(
        "doctor", "--json", API_PORT=str(free_port()), PERPFLOW_PREFECT_PORT=str(free_port())
    )

    document = json.loads(ended.stdout)
    verdicts = {check["name"]: check["verdict"] for check in document["checks"]}
    assert document["schema_version"] == 1
    assert verdicts["ta-lib"] == verdicts["packages"] == verdicts["postgres"] == "ok"
    assert verdicts["config"] == "ok"
    assert verdicts["database"] == "skip"
    assert ended.code == ExitCode.DONE, ended.stdout


def test_doctor_fails_with_the_fix_beside_the_fault(perpflow: Perpflow) -> None:
    Path("accounts.yaml").write_text(BAD)

    ended = perpflow("doctor", API_PORT=str(free_port()), PERPFLOW_PREFECT_PORT=str(free_port()))

    assert ended.code == ExitCode.FAILED
    assert "accounts[0].interval is 2h" in ended.stdout
    assert "-> perpflow config validate lists all of them" in ended.stdout
    assert "1 failed" in ended.stdout


def test_doctor_warns_of_an_env_file_that_everybody_can_read(perpflow: Perpflow) -> None:
    Path(".env").write_text("A=b\n")
    Path(".env").chmod(0o644)

    ended = perpflow("doctor", "--json")

    [check] = [each for each in json.loads(ended.stdout)["checks"] if each["name"] == ".env"]
    assert check["verdict"] == "warn"
    assert check["fix"] == "chmod 600 .env"


def test_doctor_names_a_database_that_does_not_answer_without_its_password(
    perpflow: Perpflow,
) -> None:
    ended = perpflow("doctor", DATABASE_URL="postgresql://u:canary-5f1e@127.0.0.1:1/x")

    assert ended.code == ExitCode.FAILED
    assert "cannot be reached" in ended.stdout
    assert "canary" not in ended.stdout + ended.stderr


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_config_show_tells_of_a_secret_only_that_it_is_set(
    perpflow: Perpflow, form: tuple[str, ...]
) -> None:
    Path(".env").write_text(KEYS)

    ended = perpflow("config", "show", *form)

    assert ended.code == ExitCode.DONE
    assert "canary" not in ended.stdout + ended.stderr
    assert "DATABASE_URL" in ended.stdout


def test_config_show_names_where_each_setting_comes_from(perpflow: Perpflow) -> None:
    Path(".env").write_text("PERPFLOW_SEED=9\n")

    found = json.loads(perpflow("config", "show", "--json", APP_PORT="5000").stdout)

    assert found["settings"]["seed"] == {"value": 9, "source": "PERPFLOW_SEED"}
    assert found["settings"]["api_port"] == {"value": 5000, "source": "APP_PORT"}
    assert found["settings"]["speed"]["source"] == "default"
    assert found["accounts_source"] == "demo accounts"
    assert found["accounts"][0]["limits"]["max_position_ratio"] == "0.2"


SEED = """\
ACCOUNT_IDS=account1,account2
LLM_MODEL_account1=x-ai/grok-4
ASTERDEX_API_KEY_account1=canary-5f1e
ASTERDEX_API_SECRET_account1=canary-5f1e
OPENROUTER_API_KEY_account1=canary-5f1e
STRATEGY_account2=grid
"""


def test_config_show_says_of_every_secret_whether_it_is_set(perpflow: Perpflow) -> None:
    Path(".env").write_text(SEED)

    ended = perpflow("config", "show")
    found = json.loads(perpflow("config", "show", "--json").stdout)

    assert "asterdex.api_key = env:ASTERDEX_API_KEY_account1 (set)" in ended.stdout
    assert "openrouter.api_key = env:OPENROUTER_API_KEY_account1 (set)" in ended.stdout
    assert found["accounts_source"] == "the environment (ACCOUNT_IDS)"
    assert [account.get("model") for account in found["accounts"]] == ["x-ai/grok-4", None]
    assert "canary" not in ended.stdout + json.dumps(found)


def test_config_validate_refuses_what_up_would_refuse(perpflow: Perpflow) -> None:
    Path(".env").write_text(SEED.replace("OPENROUTER_API_KEY_account1", "UNUSED"))

    ended = perpflow("config", "validate")

    assert ended.code == ExitCode.INVALID_CONFIGURATION
    assert "OPENROUTER_API_KEY_account1 is missing from account 'account1'" in ended.stderr


def test_config_schema_is_one_json_document_for_editors(perpflow: Perpflow) -> None:
    ended = perpflow("config", "schema")

    schema = json.loads(ended.stdout)
    assert schema["$schema"].endswith("draft/2020-12/schema")
    assert "accounts" in schema["properties"]


def test_config_validate_says_what_it_has_read(perpflow: Perpflow) -> None:
    Path("mine.yaml").write_text("accounts:\n  - {id: a, strategy: grid, assets: [BTC]}\n")

    ended = perpflow("config", "validate", "--config", "mine.yaml")

    assert (ended.code, ended.stdout) == (0, "mine.yaml is valid: 1 account\n")


def test_config_validate_ends_with_the_code_for_configurations(perpflow: Perpflow) -> None:
    Path("accounts.yaml").write_text(BAD)

    assert perpflow("config", "validate").code == ExitCode.INVALID_CONFIGURATION


def test_version_names_the_pair_that_has_to_fit(perpflow: Perpflow) -> None:
    found = json.loads(perpflow("version", "--json").stdout)

    assert {"perpflow", "python", "prefect", "fastapi", "sqlalchemy"} <= set(found)
