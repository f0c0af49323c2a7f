"""`perpflow decisions replay`: an old question put again, beside what was decided then."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from cli.exit_codes import ExitCode
from tests.arena import START, TestArena, hours, start_arena
from tests.cli.conftest import Ended
from tests.llm_stub.conftest import stub, stub_server  # noqa: F401 - fixtures
from tests.llm_stub.server import ModelStub
from tests.tasks.model_accounts import KEY, MODEL, answer_by_price, build_model_account

Perpflow = Callable[..., Ended]
pytestmark = pytest.mark.db


@pytest.fixture
def arena(engine: Engine) -> TestArena:
    arena = start_arena(engine)
    arena.stand_at(START + hours(30))
    return arena


@pytest.fixture
def bought(
    perpflow: Perpflow,
    database_url: str,
    arena: TestArena,
    stub: ModelStub,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> Perpflow:
    """The command line in an arena where a model was asked once and would have bought."""
    monkeypatch.setenv("TEST_MODEL_KEY", KEY)
    arena.add(build_model_account(stub))
    stub.answer_with(answer_by_price("buy"))
    asked = perpflow("agents", "decide", "llm", DATABASE_URL=database_url)
    assert asked.code == ExitCode.DONE, asked.stderr
    return lambda *arguments: perpflow("decisions", *arguments, DATABASE_URL=database_url)


def only_call(arena: TestArena) -> str:
    return str(arena.one("select id from app.model_calls where purpose = 'preview'")[0])


def test_another_model_gets_the_same_words_and_is_set_beside_what_was_decided_then(
    bought: Perpflow,
    arena: TestArena,
    stub: ModelStub,  # noqa: F811 - the fixture
) -> None:
    stub.answer_with(answer_by_price("sell"))
    ended = bought("replay", only_call(arena)[:8], "--model", "lab/other")
    assert ended.code == ExitCode.DONE, ended.stderr
    assert f"Then, {MODEL}; now, lab/other:" in ended.stdout
    assert ended.stdout.split("lab/other:")[1].split() == ["BTC", "buy", "sell", "DIFFERENT"]
    assert stub.bodies[0]["messages"] == stub.bodies[1]["messages"]
    assert stub.bodies[1]["model"] == "lab/other"
    assert arena.one("select count(*) from app.intents") == (0,)


def test_a_script_reads_both_answers(bought: Perpflow, arena: TestArena) -> None:
    ended = bought("replay", only_call(arena), "--json")
    found = json.loads(ended.stdout)
    assert found["then"] == {"BTC": "buy"}
    assert [each["action"] for each in found["decisions"]] == ["buy"]
    assert found["replay_of"] == only_call(arena)


def test_an_id_that_is_nobodys_is_refused_before_anything_is_paid(
    bought: Perpflow,
    stub: ModelStub,  # noqa: F811 - the fixture
) -> None:
    ended = bought("replay", "00000000")
    assert ended.code == ExitCode.WRONG_USAGE
    assert "perpflow decisions list shows them" in ended.stderr
    assert len(stub.bodies) == 1
