"""Accounts that are described by variables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from adapters.config.accounts_file import Loaded
from adapters.config.environment_names import KNOWN_AGENTS
from adapters.config.problems import ConfigurationError
from adapters.config.sources import find_source, load_source
from trading.account import Account, Mode
from trading.timeframes import Timeframe

DEMO = Path(__file__).parents[3] / "deployments" / "accounts" / "demo.yaml"
KNOWN = ("BTC", "ETH", "SOL")


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(**environ: str) -> Loaded:
    source = find_source(None, environ)
    assert source is not None
    return load_source(source, environ, is_named=False, known_assets=KNOWN)


def load(**environ: str) -> tuple[Account, ...]:
    return read(**environ).accounts


def sentences(**environ: str) -> list[str]:
    with pytest.raises(ConfigurationError) as refusal:
        load(**environ)
    return [str(problem) for problem in refusal.value.problems]


def test_a_few_variables_are_one_account_that_trades() -> None:
    [account] = load(STRATEGY="momentum", ASSETS="BTC,ETH", INTERVAL="4h", INITIAL_EQUITY="2500.50")

    assert (account.id, account.strategy) == ("default", "momentum")
    assert account.assets == ("BTC", "ETH")
    assert account.interval is Timeframe.H4
    assert str(account.initial_equity) == "2500.50"
    assert account.mode is Mode.PAPER


def test_limits_may_be_variables_shared_or_an_accounts_own() -> None:
    first, second = load(
        ACCOUNT_IDS="first,second",
        STRATEGY="grid",
        MAX_POSITIONS="3",
        MAX_POSITIONS_second="2",
        MAX_POSITION_SIZE_PCT="15",
        MIN_POSITION_SIZE_PCT="2",
        MIN_CONFIDENCE="0.6",
    )

    assert (first.limits.max_positions, second.limits.max_positions) == (3, 2)
    assert str(first.limits.max_position_ratio) == "0.15"
    assert str(second.limits.min_position_ratio) == "0.02"
    assert first.limits.min_confidence == 0.6


def test_a_percentage_out_of_range_is_named_by_its_variable() -> None:
    [sentence] = sentences(STRATEGY="grid", ASSETS="BTC", MAX_POSITION_SIZE_PCT="0.2")
    assert sentence == (
        "environment: MAX_POSITION_SIZE_PCT has another value; allowed is a percentage from 1 to"
        " 100; for less write max_position_ratio"
    )


@pytest.mark.parametrize("ids", ["first,second", "first second", '["first", "second"]'])
def test_several_accounts_share_what_is_not_their_own(ids: str) -> None:
    first, second = load(
        MULTI_ACCOUNT_MODE="true",
        ACCOUNT_IDS=ids,
        STRATEGY="grid",
        STRATEGY_second="momentum",
        ASSETS="BTC ETH",
        ASSETS_second="SOL",
        INTERVAL="1d",
    )

    assert (first.id, first.strategy, first.assets) == ("first", "grid", ("BTC", "ETH"))
    assert (second.id, second.strategy, second.assets) == ("second", "momentum", ("SOL",))
    assert {first.interval, second.interval} == {Timeframe.D1}


def test_the_keys_of_a_venue_account_are_never_shared() -> None:
    first, second = load(
        ACCOUNT_IDS="first,second",
        STRATEGY="grid",
        ASTERDEX_API_KEY="canary",
        ASTERDEX_API_SECRET="canary",
        ASTERDEX_API_KEY_second="canary",
        ASTERDEX_API_SECRET_second="canary",
    )

    assert first.venue_keys is None
    assert second.venue_keys is not None
    assert second.venue_keys.api_key == "env:ASTERDEX_API_KEY_second"


def test_an_own_model_wins_over_the_shared_strategy() -> None:
    first, second = load(
        ACCOUNT_IDS="first,second",
        STRATEGY="grid",
        LLM_MODEL_second="x-ai/grok-4",
        OPENROUTER_API_KEY="canary",
    )

    assert (first.strategy, first.model) == ("grid", None)
    assert (second.strategy, second.model) == ("llm", "x-ai/grok-4")


def test_ids_with_a_dash_have_variables_with_an_underscore() -> None:
    [account] = load(ACCOUNT_IDS="btc-trend", STRATEGY_btc_trend="momentum")

    assert (account.id, account.strategy) == ("btc-trend", "momentum")


def test_ids_may_be_whole_accounts_in_json() -> None:
    listed = [{"id": "a", "strategy": "grid", "assets": ["${ONE}"], "limits": {"leverage": 2}}]

    [account] = load(ACCOUNT_IDS=json.dumps(listed), ONE="BTC", ASSETS="ETH", INTERVAL_a="4h")

    assert account.assets == ("BTC",)
    assert account.limits.leverage == 2
    assert account.interval is Timeframe.H4


def test_an_agent_of_seed_000_may_get_another_strategy() -> None:
    [account] = load(AGENT_1_SIGNER="0x", AGENT_1_STRATEGY="momentum", TRADING_SYMBOL="ETHUSDT")

    assert (account.id, account.strategy) == ("claude_arbitrage", "momentum")
    assert account.assets == ("ETH",)


def test_agents_come_in_the_order_of_their_numbers() -> None:
    environ = {f"AGENT_{number}_SIGNER": "0x" for number in (10, 2, 9)}

    accounts = load(**environ, STRATEGY="grid")

    assert [account.id for account in accounts] == ["chatgpt_momentum", "agent_9", "agent_10"]


def test_the_benchmark_of_seed_000_has_the_limits_of_the_demo() -> None:
    demo = yaml.safe_load(DEMO.read_text())["accounts"]

    [limits] = [each["limits"] for each in demo if each["strategy"] == "buy_and_hold"]
    assert KNOWN_AGENTS["5"].entry["limits"] == limits


def test_no_variable_that_describes_an_account_means_that_nothing_is_configured() -> None:
    assert find_source(None, {"INTERVAL": "5m", "ASTERDEX_API_KEY": "x", "PATH": "/bin"}) is None


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"ASSETS": "BTC"}, "STRATEGY is missing from account 'default' -> one of momentum"),
        (
            {"STRATEGY": "grid", "INTERVAL": "7m"},
            "environment: INTERVAL is something else; allowed is one of 1m",
        ),
        ({"STRATEGY": "grd"}, "STRATEGY is 'something else'; allowed is one of"),
        ({"STRATEGY": "grid", "LLM_MODEL": "m"}, "STRATEGY and LLM_MODEL exclude each other"),
        (
            {"STRATEGY": "grid", "TRADING_MODE": "live"},
            "ASTERDEX_PRIVATE_KEY is missing from live account 'default'",
        ),
        (
            {"LLM_MODEL": "x-ai/grok-4"},
            "environment: OPENROUTER_API_KEY is missing from account 'default', whose model is asked"
            " at OpenRouter -> put the key into .env; a server of your own needs",
        ),
        ({"STRATEGY": "grid", "ASSETS": "FOO"}, "ASSETS is FOO, which this market does not have"),
        ({"STRATEGY": "grid", "ASTERDEX_API_KEY": "x"}, "ASTERDEX_API_SECRET is missing beside"),
        ({"ACCOUNT_IDS": "a,a", "STRATEGY": "grid"}, "ACCOUNT_IDS is 'a', which"),
        ({"ACCOUNT_IDS": "A", "STRATEGY": "grid"}, "ACCOUNT_IDS is A; allowed is 1 to 64"),
        ({"ACCOUNT_IDS": "a-b,a_b"}, "would both end in _a_b -> rename one of them"),
        ({"ACCOUNT_IDS": "[1"}, "ACCOUNT_IDS is not JSON"),
        ({"ACCOUNT_IDS": ","}, "ACCOUNT_IDS is an empty list"),
        (
            {"ACCOUNT_IDS": "a", "AGENT_1_SIGNER": "x"},
            "ACCOUNT_IDS and AGENT_1_SIGNER both describe",
        ),
        ({"MULTI_ACCOUNT_MODE": "true"}, "neither ACCOUNT_IDS nor an accounts file is there"),
        ({"MULTI_ACCOUNT_MODE": "maybe", "ASSETS": "BTC"}, "allowed is true or false"),
    ],
)
def test_a_fault_is_named_by_its_variable(environ: dict[str, str], words: str) -> None:
    [sentence] = sentences(**environ)

    assert words in sentence


def test_accounts_without_a_model_or_strategy_are_all_named() -> None:
    assert [sentence.split(" is ")[0] for sentence in sentences(ACCOUNT_IDS="a,b")] == [
        "environment: STRATEGY_a",
        "environment: STRATEGY_b",
    ]


def test_several_mode_that_is_off_leaves_one_account() -> None:
    [account] = load(MULTI_ACCOUNT_MODE="false", ACCOUNT_IDS="a,b", STRATEGY="grid")

    assert account.id == "default"


FILE = "accounts:\n  - {id: a, strategy: grid, assets: ['${ASSET:-BTC}']}\n"


def test_a_file_and_variables_at_once_are_refused_with_both_names() -> None:
    Path("accounts.yaml").write_text(FILE)

    [sentence] = sentences(ACCOUNT_IDS="x", STRATEGY_x="grid")

    assert "ACCOUNT_IDS describes accounts, and so does accounts.yaml" in sentence
    assert "--config accounts.yaml" in sentence


def test_a_file_that_was_named_wins_over_variables() -> None:
    Path("mine.yaml").write_text(FILE)
    environ = {"ACCOUNT_IDS": "x", "STRATEGY_x": "grid"}

    source = find_source(Path("mine.yaml"), environ)

    assert source is not None
    assert [each.id for each in load_source(source, environ, is_named=True).accounts] == ["a"]


def test_a_file_may_use_the_variables_of_another_shape() -> None:
    Path("accounts.yaml").write_text(FILE.replace("ASSET:", "ASSETS:"))

    [account] = load(ASSETS="ETH")

    assert account.assets == ("ETH",)
