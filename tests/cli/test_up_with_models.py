"""`perpflow up --llm`: which accounts it means, what it needs, what it says about money and speed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.config.settings import load_settings
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.prompt_files import prompt_folder_of_arena, with_prompts
from cli.up.demo import load_demo
from cli.up.model_costs import model_sentence
from cli.up.plan import UpPlan, make_plan
from cli.up.record import RunRecord, exclusive, save_record
from deployments.pools import WARM
from deployments.schedule import require_bearable_speed
from tests.arena import build_account
from tests.cli.conftest import Ended
from trading.account import Account, AgentKind, ModelProvider
from trading.errors import InvalidRecord
from trading.model_agent import ModelAgent
from trading.model_budget import ModelBudget
from trading.timeframes import Timeframe

Perpflow = Callable[..., Ended]
KEY = {"OPENROUTER_API_KEY": "canary"}
SERVER = {"PERPFLOW_LLM_BASE_URL": "http://localhost:8080/v1", "PERPFLOW_LLM_MODEL": "qwen3"}


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def planned(environ: Mapping[str, str], **options: object) -> UpPlan:
    given = {"PERPFLOW_HOME": Path("home").absolute(), "PERPFLOW_LLM": True} | options
    settings = load_settings(environ, given)
    return make_plan(settings, environ, once=False, new_link=False)


def models(accounts: tuple[Account, ...]) -> list[Account]:
    return [account for account in accounts if account.kind is AgentKind.LLM]


def test_one_key_gives_the_agents_of_seed_000_and_five_models_beside_them() -> None:
    plan = planned(KEY)

    assert [each.strategy for each in plan.accounts if each.kind is not AgentKind.LLM] == [
        "funding_arbitrage",
        "momentum",
        "grid",
        "ml_scalper",
        "buy_and_hold",
    ]
    asked = models(plan.accounts)
    assert [each.prompt for each in asked] == [
        "arbitrage",
        "momentum",
        "grid",
        "scalping",
        "neutral",
    ]
    assert {each.model for each in asked} == {"openai/gpt-4o-mini"}
    assert {each.provider for each in asked} == {ModelProvider(api_key="env:OPENROUTER_API_KEY")}
    assert {each.interval for each in asked} == {Timeframe.H4}
    assert plan.accounts_source == "demo accounts with language models"
    assert "canary" not in repr(plan.accounts)


def test_the_variable_for_the_model_counts() -> None:
    plan = planned({**KEY, "PERPFLOW_LLM_MODEL": "x-ai/grok-4"})

    assert {each.model for each in models(plan.accounts)} == {"x-ai/grok-4"}


def test_a_server_of_ones_own_gets_no_key_but_its_own() -> None:
    plan = planned({**KEY, **SERVER})
    keyed = planned({**KEY, **SERVER, "PERPFLOW_LLM_API_KEY": "canary"})

    url = SERVER["PERPFLOW_LLM_BASE_URL"]
    assert {each.provider for each in models(plan.accounts)} == {ModelProvider(base_url=url)}
    assert {each.provider for each in models(keyed.accounts)} == {
        ModelProvider(base_url=url, api_key="env:PERPFLOW_LLM_API_KEY")
    }
    assert {each.model for each in models(plan.accounts)} == {"qwen3"}
    assert model_sentence(plan.accounts).endswith("they cost nothing")


def test_a_server_in_ones_own_network_is_meant_by_whoever_names_it() -> None:
    url = "https://10.0.0.5/v1"
    plan = planned({**SERVER, "PERPFLOW_LLM_BASE_URL": url})
    assert {each.provider for each in models(plan.accounts)} == {
        ModelProvider(base_url=url, allow_private=True)
    }


def test_a_server_elsewhere_has_an_unknown_price() -> None:
    plan = planned({**SERVER, "PERPFLOW_LLM_BASE_URL": "https://llm.example.com/v1"})

    assert {
        each.model_agent.own_price_in for each in models(plan.accounts) if each.model_agent
    } == {None}
    assert "at most 5 USD a day" in model_sentence(plan.accounts)


@pytest.mark.parametrize(
    ("environ", "code", "words"),
    [
        (
            {},
            ExitCode.BAD_CREDENTIALS,
            "OPENROUTER_API_KEY is not set; put OPENROUTER_API_KEY=... into .env",
        ),
        ({"OPENROUTER_API_KEY": ""}, ExitCode.BAD_CREDENTIALS, "OPENROUTER_API_KEY is not set"),
        (
            {"PERPFLOW_LLM_BASE_URL": "http://localhost:8080/v1"},
            ExitCode.INVALID_CONFIGURATION,
            "PERPFLOW_LLM_MODEL is not set; set it to the name of a model",
        ),
    ],
)
def test_what_is_missing_is_named_with_the_next_step(
    environ: dict[str, str], code: ExitCode, words: str
) -> None:
    with pytest.raises(CommandFailed) as refused:
        planned(environ)

    assert refused.value.code == code
    assert words in str(refused.value)


def test_the_command_ends_with_the_code_for_keys_and_starts_nothing(
    perpflow: Perpflow, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)

    ended = perpflow("up", "--llm")

    assert ended.code == ExitCode.BAD_CREDENTIALS
    assert "perpflow: --llm needs a key for language models" in ended.stderr
    assert not home.exists()


def test_the_switch_and_a_file_of_ones_own_exclude_each_other(perpflow: Perpflow) -> None:
    Path("accounts.yaml").write_text("accounts:\n  - {id: a, strategy: grid, assets: [BTC]}\n")

    ended = perpflow("up", "--llm", OPENROUTER_API_KEY="canary")

    assert ended.code == ExitCode.INVALID_CONFIGURATION
    assert "but accounts are described by accounts.yaml; give an account there llm_model" in (
        ended.stderr
    )


def test_validate_and_show_know_the_switch_as_a_variable(perpflow: Perpflow) -> None:
    environ = {"PERPFLOW_LLM": "true", "OPENROUTER_API_KEY": "canary"}

    assert perpflow("config", "validate", **environ).stdout == (
        "the demo configuration with models is valid: 10 accounts\n"
    )
    shown = perpflow("config", "show", **environ).stdout
    assert "openrouter.api_key = env:OPENROUTER_API_KEY (set)" in shown
    assert "canary" not in shown


def test_only_a_start_that_asks_for_models_changes_the_accounts_of_an_arena() -> None:
    assert not planned(KEY).goes_on_with_stored
    assert planned({}, PERPFLOW_LLM=None).goes_on_with_stored


def test_a_model_needs_a_minute_of_real_time() -> None:
    with pytest.raises(CommandFailed, match="asks a language model") as refused:
        planned(KEY, PERPFLOW_SPEED=600)
    assert "the fastest bearable speed is 240 (one cycle every 60 s)" in str(refused.value)

    require_bearable_speed(720.0, Timeframe.H1, WARM)
    require_bearable_speed(60.0, Timeframe.H1, WARM, with_model=True)
    with pytest.raises(InvalidRecord, match="fastest bearable speed is 60"):
        require_bearable_speed(61.0, Timeframe.H1, WARM, with_model=True)


def asking(**changes: object) -> Account:
    who = {"kind": AgentKind.LLM, "strategy": "llm", "model": "m"}
    return replace(build_account("momentum"), **who, **changes)


def costing(money: str | None) -> Account:
    return asking(model_agent=ModelAgent(budget=ModelBudget(money=money and Decimal(money))))


@pytest.mark.parametrize(
    ("accounts", "sentence"),
    [
        ((build_account("grid"),), ""),
        (
            (asking(),),
            "1 account asks a language model (m); by their budgets at most 5 USD a day (UTC) in all,"
            " not counting what the last request of an account goes beyond its own",
        ),
        (
            (costing("0.50"), costing("2")),
            "2 accounts ask a language model (m); by their budgets at most 2.5 USD a day (UTC) in all,"
            " not counting what the last request of an account goes beyond its own",
        ),
        (
            (costing(None), costing("2")),
            "2 accounts ask a language model (m); one has no limit in USD (llm.budget.usd), the"
            " others 2 USD a day",
        ),
        (
            (costing(None),),
            "1 account asks a language model (m); without a limit in USD (llm.budget.usd)",
        ),
        ((asking(twin_of="live"),), ""),
    ],
)
def test_the_start_says_what_a_day_may_cost(accounts: tuple[Account, ...], sentence: str) -> None:
    assert model_sentence(accounts) == sentence


def test_the_file_is_a_sample_that_stands_for_itself() -> None:
    settings = load_settings({}, {"PERPFLOW_HOME": Path("home"), "PERPFLOW_LLM": True})
    loaded = load_demo(settings, KEY)

    assert len(loaded.accounts) == 10
    assert {"OPENROUTER_API_KEY", "PERPFLOW_LLM_MODEL"} <= set(loaded.variables)


PROMPT = "---\nversion: 1\n---\nTrade {{assets}}.\n"
ASKS = """\
accounts:
  - {id: a, llm_model: m, prompt: calm, assets: [BTC], openrouter: {api_key: 'env:KEY'}}
"""


def test_a_prompt_beside_the_accounts_file_is_found_and_another_is_refused(
    perpflow: Perpflow,
) -> None:
    Path("accounts.yaml").write_text(ASKS)
    refused = perpflow("config", "validate")
    Path("prompts").mkdir()
    Path("prompts/calm.md").write_text(PROMPT)

    assert refused.code == ExitCode.INVALID_CONFIGURATION
    assert (
        "accounts.yaml:2: accounts[0].prompt is 'calm', and there is no such prompt; there are"
        in (refused.stderr)
    )
    assert perpflow("config", "validate").stdout == "accounts.yaml is valid: 1 account\n"


def test_the_worker_is_told_the_folder_that_up_has_found() -> None:
    settings = load_settings({}, {"PERPFLOW_HOME": Path("home")})
    assert with_prompts(settings, {"A": "1"}) == {"A": "1"}

    Path("prompts").mkdir()

    found = with_prompts(settings, {})["PERPFLOW_PROMPTS"]
    assert Path(found) == Path("prompts").absolute()


def test_accounts_that_are_added_to_a_running_arena_have_its_prompts(tmp_path: Path) -> None:
    home, own = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    Path("prompts").mkdir()
    settings = load_settings({}, {"PERPFLOW_HOME": home})
    record = RunRecord(
        run_id="r", pid=1, create_time=0.0, url="u", prefect_url="p", prompts=str(own)
    )
    save_record(home, record)

    assert prompt_folder_of_arena(settings) == Path("prompts").absolute()
    with exclusive(home):
        assert prompt_folder_of_arena(settings) == own
