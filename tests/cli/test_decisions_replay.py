"""`perpflow decisions replay`: an old question put again, beside what was decided then."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from cli.exit_codes import ExitCode
from tests.arena import TestArena
from tests.cli.conftest import Ended
from tests.llm_stub.server import ModelStub
from tests.tasks.model_accounts import MODEL, answer_by_price

Perpflow = Callable[..., Ended]
pytestmark = pytest.mark.db


@pytest.fixture
def bought(model_commands: Perpflow, stub: ModelStub) -> Perpflow:
    """`perpflow decisions` in an arena where a model was asked once and would have bought."""
    stub.answer_with(answer_by_price("buy"))
    asked = model_commands("agents", "decide", "llm")
    assert asked.code == ExitCode.DONE, asked.stderr
    return lambda *arguments: model_commands("decisions", *arguments)


def only_call(model_arena: TestArena) -> str:
    return str(model_arena.one("select id from app.model_calls where purpose = 'preview'")[0])


def test_another_model_gets_the_same_words_and_is_set_beside_what_was_decided_then(
    bought: Perpflow,
    model_arena: TestArena,
    stub: ModelStub,
) -> None:
    stub.answer_with(answer_by_price("sell"))
    ended = bought("replay", only_call(model_arena)[:8], "--model", "lab/other")
    assert ended.code == ExitCode.DONE, ended.stderr
    assert f"Then, {MODEL}; now, lab/other:" in ended.stdout
    assert ended.stdout.split("lab/other:")[1].split() == ["BTC", "buy", "sell", "DIFFERENT"]
    assert stub.bodies[0]["messages"] == stub.bodies[1]["messages"]
    assert stub.bodies[1]["model"] == "lab/other"
    assert model_arena.one("select count(*) from app.intents") == (0,)


def test_a_script_reads_both_answers(bought: Perpflow, model_arena: TestArena) -> None:
    ended = bought("replay", only_call(model_arena), "--json")
    found = json.loads(ended.stdout)
    assert found["then"] == {"BTC": "buy"}
    assert [each["action"] for each in found["decisions"]] == ["buy"]
    assert found["replay_of"] == only_call(model_arena)


def test_an_id_that_is_nobodys_is_refused_before_anything_is_paid(
    bought: Perpflow,
    stub: ModelStub,
) -> None:
    ended = bought("replay", "00000000")
    assert ended.code == ExitCode.WRONG_USAGE
    assert "perpflow decisions list shows them" in ended.stderr
    assert len(stub.bodies) == 1
