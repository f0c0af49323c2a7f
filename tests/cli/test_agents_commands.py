"""`perpflow agents`: prompts as models read them, one decision without an order, two side by side."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.store.accounts import load_account
from cli.agents.pairing import twin_of
from cli.exit_codes import ExitCode
from tests.arena import TestArena
from tests.cli.conftest import Ended
from tests.llm_stub.says import refuses
from tests.llm_stub.server import ModelStub
from tests.tasks.model_accounts import KEY, MODEL, answer_by_price, build_model_account
from trading.account import Mode, VenueKeys
from trading.model_agent import ModelAgent
from trading.model_budget import ModelBudget

Perpflow = Callable[..., Ended]
SHIPPED = ["arbitrage", "grid", "momentum", "neutral", "scalping"]
OWN = "---\nversion: 3\ndescription: Mine.\n---\nTrade {{assets}} every {{interval}}, calmly.\n"


@pytest.fixture
def own_prompt(perpflow: Perpflow) -> Path:
    """`calm.md` in the folder beside the accounts file; the fixture stands in its folder."""
    path = Path("prompts/calm.md")
    path.parent.mkdir()
    path.write_text(OWN)
    return path.absolute()


def test_the_list_has_name_version_and_purpose_of_every_prompt(perpflow: Perpflow) -> None:
    found = json.loads(perpflow("agents", "prompts", "--json").stdout)

    assert [each["name"] for each in found["prompts"]] == SHIPPED
    assert {each["from"] for each in found["prompts"]} == {"perpflow"}
    assert all(each["version"] and each["description"] for each in found["prompts"])
    assert found["folder"] is None


def test_own_prompts_lie_beside_the_accounts_file(perpflow: Perpflow, own_prompt: Path) -> None:
    ended = perpflow("agents", "prompts", "--json")
    [calm] = [each for each in json.loads(ended.stdout)["prompts"] if each["name"] == "calm"]

    assert calm["from"] == str(own_prompt)
    assert calm["version"].startswith("3+")
    assert "calm" in perpflow("agents", "prompts").stdout


def test_a_variable_names_another_folder(perpflow: Perpflow, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "neutral.md").write_text(OWN)

    found = json.loads(perpflow("agents", "prompts", "--json", PERPFLOW_PROMPTS=str(folder)).stdout)

    [neutral] = [each for each in found["prompts"] if each["name"] == "neutral"]
    assert neutral["from"] == str(folder / "neutral.md")


def test_a_variable_without_a_folder_is_refused(perpflow: Perpflow) -> None:
    ended = perpflow("agents", "prompts", PERPFLOW_PROMPTS="/no/such/folder")

    assert ended.code == ExitCode.INVALID_CONFIGURATION
    assert "PERPFLOW_PROMPTS is /no/such/folder, which is no folder" in ended.stderr


def test_a_prompt_that_cannot_be_used_is_listed_with_the_reason(
    perpflow: Perpflow, own_prompt: Path
) -> None:
    own_prompt.write_text("no front matter")

    found = json.loads(perpflow("agents", "prompts", "--json").stdout)
    [calm] = [each for each in found["prompts"] if each["name"] == "calm"]
    ended = perpflow("agents", "prompt", "calm")

    assert "has no front matter" in calm["fault"]
    assert ended.code == ExitCode.INVALID_CONFIGURATION
    assert "the prompt is 'calm', which cannot be used:" in ended.stderr


def test_without_an_account_a_prompt_is_shown_as_it_is_written(
    perpflow: Perpflow, own_prompt: Path
) -> None:
    assert perpflow("agents", "prompt", "calm").stdout == (
        "Trade {{assets}} every {{interval}}, calmly.\n"
    )


def test_a_name_that_is_no_prompt_is_answered_with_the_names(perpflow: Perpflow) -> None:
    ended = perpflow("agents", "prompt", "nuetral")

    assert ended.code == ExitCode.INVALID_CONFIGURATION
    assert f"there are {', '.join(SHIPPED)} (did you mean 'neutral'?)" in ended.stderr
    assert "nuetral.md in a folder `prompts` beside the accounts file" in ended.stderr


def test_the_difference_of_two_prompts_is_a_unified_diff(
    perpflow: Perpflow, own_prompt: Path
) -> None:
    lines = perpflow("agents", "prompt", "calm", "--diff", "neutral").stdout.splitlines()

    assert lines[0].startswith("--- neutral 1+")
    assert lines[1].startswith("+++ calm 3+")
    assert "+Trade {{assets}} every {{interval}}, calmly." in lines
    same = perpflow("agents", "prompt", "grid", "--diff", "grid").stdout
    assert "say the same" in same


def test_what_was_told_last_belongs_to_an_account(perpflow: Perpflow) -> None:
    ended = perpflow("agents", "prompt", "grid", "--diff", "last")

    assert ended.code == ExitCode.WRONG_USAGE
    assert "name it with --account" in ended.stderr


@pytest.fixture
def agents(model_commands: Perpflow) -> Perpflow:
    """`agents("decide", "llm")` in an arena with an account that the stub decides for."""
    return lambda *arguments: model_commands("agents", *arguments)


@pytest.mark.db
def test_a_prompt_is_filled_with_what_the_account_may(agents: Perpflow) -> None:
    told = agents("prompt", "neutral", "--account", "llm").stdout

    assert "{{" not in told
    assert "perpetual futures on BTC. You are asked every\n1h." in told
    assert '"enum": ["BTC"]' in told


@pytest.mark.db
def test_one_decision_is_shown_with_reply_verdict_and_cost_and_places_nothing(
    agents: Perpflow,
    model_arena: TestArena,
    stub: ModelStub,
) -> None:
    stub.answer_with(answer_by_price("buy"))

    ended = agents("decide", "llm", "--asset", "BTC")
    found = json.loads(agents("decide", "llm", "--json").stdout)

    assert ended.code == ExitCode.DONE, ended.stderr
    for words in (MODEL, "cost       unknown", "outcome    accepted", "the trend is up", "buy"):
        assert words in ended.stdout
    assert "No order was placed." in ended.stdout
    assert [each["action"] for each in found["decisions"]] == ["buy"]
    assert found["context_tokens"] > 100
    assert "messages" not in found
    assert KEY not in ended.stdout + json.dumps(found)
    assert model_arena.one("select count(*) from app.intents") == (0,)
    assert model_arena.rows("select distinct purpose from app.model_calls") == [("preview",)]


@pytest.mark.db
def test_what_the_model_is_told_is_shown_on_demand(
    agents: Perpflow,
    stub: ModelStub,
) -> None:
    stub.answer_with(answer_by_price("hold"))

    found = json.loads(agents("decide", "llm", "--messages", "--json").stdout)

    assert found["messages"]["system"] == stub.bodies[0]["messages"][0]["content"]
    assert "~~~~ data begins ~~~~" in found["messages"]["user"]


@pytest.mark.db
@pytest.mark.parametrize(
    ("status", "code"), [(401, ExitCode.BAD_CREDENTIALS), (400, ExitCode.UNREACHABLE)]
)
def test_a_model_that_does_not_answer_is_told_by_the_code(
    agents: Perpflow,
    stub: ModelStub,
    status: int,
    code: ExitCode,
) -> None:
    stub.script(MODEL, refuses(status, "no"))

    ended = agents("decide", "llm")

    assert ended.code == code, ended.stderr
    assert "(nothing)" in ended.stdout
    assert KEY not in ended.stdout + ended.stderr


@pytest.mark.db
def test_what_cannot_be_asked_is_refused_with_its_reason(
    agents: Perpflow,
    model_arena: TestArena,
    stub: ModelStub,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broke = ModelAgent(budget=ModelBudget(calls=0))
    model_arena.add(replace(build_model_account(stub, model_agent=broke), id="broke"))

    assert "model budget of this UTC day is used up" in agents("decide", "broke").stderr
    assert "DOGE cannot be asked about for llm" in agents("decide", "llm", "--asset", "doge").stderr
    assert agents("decide", "nobody").code == ExitCode.WRONG_USAGE
    monkeypatch.delenv("TEST_MODEL_KEY")
    ended = agents("decide", "llm")
    assert ended.code == ExitCode.BAD_CREDENTIALS
    assert "there is nothing behind env:TEST_MODEL_KEY, the key of account llm" in ended.stderr
    assert stub.bodies == []


@pytest.mark.db
def test_a_prompt_is_compared_with_what_the_model_was_told_last(
    agents: Perpflow,
    model_arena: TestArena,
    stub: ModelStub,
) -> None:
    assert (
        agents("prompt", "neutral", "--account", "llm", "--diff", "last").code == ExitCode.REFUSED
    )
    stub.answer_with(answer_by_price("hold"))
    agents("decide", "llm")
    with model_arena.engine.begin() as conn:  # as if a cycle had asked
        conn.execute(text("update app.model_calls set purpose = 'decide'"))

    same = agents("prompt", "neutral", "--account", "llm", "--diff", "last").stdout
    other = agents("prompt", "grid", "--account", "llm", "--diff", "last").stdout.splitlines()

    assert "say the same" in same
    assert other[0].startswith("--- neutral 1+")
    assert other[0].endswith("(told last)")
    assert other[1].startswith("+++ grid 1+")


@pytest.mark.db
def test_a_twin_with_another_prompt_is_a_paper_account_alike_in_all_else(
    agents: Perpflow, model_arena: TestArena
) -> None:
    ended = agents("twin", "llm", "--prompt", "grid")

    assert ended.code == ExitCode.DONE, ended.stderr
    assert "account llm-grid was added" in ended.stdout
    assert "perpflow agents compare llm llm-grid" in ended.stderr
    with model_arena.engine.connect() as conn:
        original, twin = (load_account(conn, each).account for each in ("llm", "llm-grid"))
    assert twin == replace(original, id="llm-grid", name=f"{original.name}, grid", prompt="grid")


def test_a_twin_with_another_model_leaves_behind_what_was_said_of_the_first(
    stub: ModelStub,
) -> None:
    agent = ModelAgent(
        temperature=Decimal(0),
        own_price_in=Decimal(0),
        own_price_out=Decimal(0),
        output="text",
        takes_tools=False,
    )
    local = build_model_account(stub, model_agent=agent)
    other = twin_of(local, prompt=None, model="openai/gpt-5.5", new_id=None)
    assert other.model_agent == ModelAgent(temperature=Decimal(0))
    assert twin_of(local, prompt="grid", model=None, new_id=None).model_agent == agent


@pytest.mark.db
def test_a_twin_of_a_live_account_trades_on_paper_without_its_keys(
    model_arena: TestArena,
    stub: ModelStub,
) -> None:
    account = build_model_account(stub, venue_keys=VenueKeys(private_key="env:MY_KEY"))
    live = replace(account, mode=Mode.LIVE, venue="aster")

    twin = twin_of(live, prompt="grid", model=None, new_id=None)

    assert (twin.mode, twin.venue, twin.venue_keys) == (Mode.PAPER, "paper", None)


def test_a_twin_of_a_paper_twin_decides_itself(stub: ModelStub) -> None:
    repeats = build_model_account(stub, twin_of="live")

    assert twin_of(repeats, prompt="grid", model=None, new_id=None).twin_of is None


@pytest.mark.db
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "name what is to be different"),
        (("--prompt", "nuetral"), "did you mean 'neutral'?"),
        (("--model", "m", "--id", "llm"), "account llm is there already"),
        (("--model", "m", "--id", "No Good"), "account id 'No Good' must be"),
    ],
)
def test_a_twin_that_cannot_be_is_refused_and_nothing_is_added(
    agents: Perpflow, model_arena: TestArena, options: tuple[str, ...], words: str
) -> None:
    ended = agents("twin", "llm", *options)

    assert ended.code != ExitCode.DONE
    assert words in ended.stderr
    assert model_arena.rows("select id from app.accounts") == [("llm",)]
