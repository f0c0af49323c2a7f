"""Accounts that ask a language model: what `llm:` means, and the sentences about what is wrong."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.config.accounts_file import read_accounts
from adapters.config.llm_config import LlmConfig, model_agent_of
from adapters.config.model_checks import is_openrouter
from adapters.config.problems import ConfigurationError
from adapters.config.sources import find_source, load_source
from adapters.config.yaml_document import parse_document
from adapters.store.account_json import account_from_json, account_to_json
from adapters.store.model_agent_json import model_agent_from_json, model_agent_to_json
from trading.account import Account, AgentKind, ModelProvider
from trading.model_agent import EFFORTS, FORMS, OUTPUTS, ModelAgent
from trading.model_budget import ModelBudget, UnknownCost

KEY = "    openrouter: {api_key: '${KEY}'}\n"
LOCAL = "    openrouter: {base_url: 'http://localhost:11434/v1'}\n"


def written(*lines: str, provider: str = KEY) -> str:
    """One account that asks a model; the lines are lines 6 and on."""
    start = "accounts:\n  - id: a\n    llm_model: m\n    assets: [BTC]\n"
    return start + provider + "".join(f"    {line}\n" for line in lines)


def faults(name: str) -> str | None:
    return None if name in ("neutral", "calm") else f"is {name!r}, and there is no such prompt"


def load(text: str, **environ: str) -> Account:
    loaded = read_accounts(
        parse_document(text, "accounts.yaml"), {"KEY": "canary"} | environ, prompt_fault=faults
    )
    [account] = loaded.accounts
    return account


def sentence(text: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        load(text)
    [problem] = refused.value.problems
    return str(problem)


def test_a_model_and_a_key_by_reference_are_an_account_that_runs() -> None:
    account = load(written())

    assert (account.kind, account.strategy, account.model) == (AgentKind.LLM, "llm", "m")
    assert account.provider == ModelProvider(api_key="env:KEY")
    assert account.model_agent is None
    assert account.limits.min_reward_to_risk == 1


def test_every_key_of_the_section_reaches_the_record() -> None:
    account = load(
        written(
            "prompt: calm",
            "llm:",
            "  form: single",
            "  tools: true",
            "  context_tokens: 8000",
            "  temperature: 0.2",
            "  top_p: '0.9'",
            "  seed: 5",
            "  max_tokens: ${MOST}",
            "  effort: low",
            "  output: json_object",
            "  takes_tools: false",
            "  providers: [first, second]",
            "  only_these_providers: true",
            "  budget: {calls: 100, tokens: 1000000, usd: 1.5, unknown_cost: stop,"
            " assumed_usd: 0.1, assumed_tokens: 5000}",
            "  fallback: momentum",
            "  holds_on_other_model: true",
            "  price: {input_usd_per_million: 0.15, output_usd_per_million: 0.6}",
        ),
        MOST="1000",
    )

    assert account.prompt == "calm"
    assert account.model_agent == ModelAgent(
        form="single",
        uses_tools=True,
        context_tokens=8000,
        temperature=Decimal("0.2"),
        top_p=Decimal("0.9"),
        seed=5,
        max_tokens=1000,
        effort="low",
        output="json_object",
        takes_tools=False,
        providers=("first", "second"),
        only_these_providers=True,
        budget=ModelBudget(
            calls=100,
            tokens=1_000_000,
            money=Decimal("1.5"),
            unknown_cost=UnknownCost.STOP,
            assumed_money=Decimal("0.1"),
            assumed_tokens=5000,
        ),
        fallback="momentum",
        holds_on_other_model=True,
        own_price_in=Decimal("0.15"),
        own_price_out=Decimal("0.6"),
    )
    assert account_from_json(account_to_json(account)) == account


def test_the_section_and_the_record_have_the_same_defaults() -> None:
    assert model_agent_of(LlmConfig()) is None
    assert load(written("llm: {}")).model_agent is None


def test_null_takes_a_limit_away() -> None:
    agent = load(written("llm: {budget: {calls: null, usd: null, tokens: 5}}")).model_agent

    assert agent is not None
    assert (agent.budget.calls, agent.budget.money, agent.budget.tokens) == (None, None, 5)


def test_a_server_of_ones_own_needs_no_key() -> None:
    account = load(written(provider=LOCAL))

    assert account.provider == ModelProvider(base_url="http://localhost:11434/v1")


def at(base_url: str, *more: str) -> str:
    return f"    openrouter: {{{', '.join((f'base_url: {base_url!r}', *more))}}}\n"


@pytest.mark.parametrize(
    "base_url",
    ["https://169.254.169.254/latest", "https://2852039166/v1", "https://[fe80::1]/v1",
     "https://metadata.google.internal", "https://0.0.0.0/v1", "https://[abc"],
)  # fmt: skip
def test_no_model_is_asked_at_an_address_that_gives_out_keys_whatever_the_account_allows(
    base_url: str,
) -> None:
    assert sentence(written(provider=at(base_url, "allow_private: true"))) == (
        f"accounts.yaml:5: accounts[0].openrouter.base_url is {base_url}, where no model can be: a"
        " link-local or metadata address, or no host -> write the address of the model's server"
    )


def test_a_model_in_a_private_network_is_asked_only_where_the_account_says_so() -> None:
    url = "https://10.0.0.5/v1"

    assert sentence(written(provider=at(url))) == (
        f"accounts.yaml:5: accounts[0].openrouter.base_url is {url}, in a private network -> if the"
        " server is yours, write openrouter.allow_private: true beside it"
    )
    account = load(written(provider=at(url, "allow_private: true")))
    assert account.provider == ModelProvider(base_url=url, allow_private=True)
    assert account_from_json(account_to_json(account)) == account


def test_what_an_account_does_not_allow_leaves_its_fingerprint_as_it_was() -> None:
    account = load(written(provider=LOCAL))

    assert account_to_json(account)["provider"] == {"base_url": "http://localhost:11434/v1"}
    assert load(written(provider=at("https://a.example", "allow_private: false"))).provider == (
        ModelProvider(base_url="https://a.example")
    )


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        (None, True),
        ("https://openrouter.ai/api/v1", True),
        ("https://eu.openrouter.ai/api/v1", True),
        ("https://OpenRouter.ai/api/v1", True),
        ("https://api.openai.com/v1", False),
        ("https://openrouter.ai.example.com/v1", False),
        ("https://notopenrouter.ai/v1", False),
        ("http://localhost:8080/v1", False),
    ],
)
def test_openrouter_is_known_by_its_host(base_url: str | None, expected: bool) -> None:
    assert is_openrouter(base_url) is expected


@pytest.mark.parametrize(
    "provider", ["", "    openrouter: {base_url: 'https://openrouter.ai/api/v1'}\n"]
)
def test_openrouter_needs_a_key(provider: str) -> None:
    assert sentence(written(provider=provider)).endswith(
        "accounts[0].openrouter.api_key is missing from account 'a', whose model is asked at"
        " OpenRouter -> put the key into .env as OPENROUTER_API_KEY and write ${OPENROUTER_API_KEY}"
        " here; a server of your own needs openrouter.base_url instead"
    )


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["prompt: wild"], "accounts[0].prompt is 'wild', and there is no such prompt"),
        (["llm: {form: list}"], "llm.form is list; allowed is one of portfolio, single"),
        (["llm: {tools: 1}"], "llm.tools is 1; allowed is true or false"),
        (["llm: {context_tokens: 10}"], "allowed is a whole number from 1000 to 200000"),
        (["llm: {temperature: 3}"], "llm.temperature is 3; allowed is a number from 0 to 2"),
        (["llm: {top_p: 1.1}"], "llm.top_p is 1.1; allowed is a number from 0 to 1"),
        (["llm: {seed: -1}"], "llm.seed is -1; allowed is a whole number from 0 to"),
        (["llm: {max_tokens: 0}"], "allowed is a whole number from 1 to 100000"),
        (["llm: {effort: huge}"], "allowed is one of minimal, low, medium, high"),
        (["llm: {output: xml}"], "allowed is one of json_schema, json_object, text"),
        (["llm: {temprature: 1}"], "is not a known key -> did you mean 'temperature'?"),
        (["llm: {budget: {usd: -1}}"], "llm.budget.usd is -1; allowed is an amount of USD from 0"),
        (["llm: {budget: {calls: 0}}"], "llm.budget.calls is 0; allowed is a whole number from 1"),
        (["llm: {budget: {money: 1}}"], "llm.budget.money is not a known key -> known keys: calls"),
        (["llm: {budget: {unknown_cost: go}}"], "unknown_cost is go; allowed is assume or stop"),
        (["llm: {price: {input_usd_per_million: 1}}"], "output_usd_per_million is missing; it is"),
        (
            ["llm: {fallback: momentun}"],
            "accounts[0].llm.fallback is 'momentun'; allowed is one of momentum, mean_reversion",
        ),
        (
            ["llm: {fallback: buy_and_hold}"],
            "is 'buy_and_hold', a benchmark, which decides for nobody else; allowed is one of",
        ),
        (
            ["llm: {only_these_providers: true}"],
            "only_these_providers is true, but `providers` names nobody, so nobody could answer",
        ),
        (["llm: 5"], "accounts[0].llm is 5; allowed is a mapping of how the model is asked"),
    ],
)
def test_a_fault_names_its_key_and_what_is_allowed(lines: list[str], words: str) -> None:
    found = sentence(written(*lines))

    assert found.startswith("accounts.yaml:6: ")
    assert words in found


def test_providers_belong_to_openrouter() -> None:
    found = sentence(written("llm: {providers: [x]}", provider=LOCAL))

    assert "providers are those of OpenRouter, and openrouter.base_url is another server" in found


@pytest.mark.parametrize("key", ["llm: {seed: 1}", "prompt: calm"])
def test_words_about_a_model_need_a_model(key: str) -> None:
    found = sentence(f"accounts:\n  - id: a\n    strategy: grid\n    assets: [BTC]\n    {key}\n")

    assert "goes with llm_model, which is not given -> remove it" in found


def test_a_faulty_model_name_is_the_only_fault() -> None:
    text = written("prompt: calm", "llm: {seed: 1}").replace("llm_model: m", "llm_model: ''")

    assert "llm_model is ; allowed is the name of a model" in sentence(text)


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("empty_folder")
@pytest.mark.parametrize(
    ("environ", "provider"),
    [
        (
            {"LLM_MODEL": "x-ai/grok-4", "OPENROUTER_API_KEY": "canary"},
            ModelProvider(api_key="env:OPENROUTER_API_KEY"),
        ),
        (
            {"LLM_MODEL": "m", "OPENROUTER_BASE_URL": "http://localhost:8080/v1"},
            ModelProvider(base_url="http://localhost:8080/v1"),
        ),
        (
            {
                "LLM_MODEL": "m",
                "OPENROUTER_BASE_URL": "https://nas.lan/v1",
                "OPENROUTER_ALLOW_PRIVATE": "true",
            },
            ModelProvider(base_url="https://nas.lan/v1", allow_private=True),
        ),
        (
            {
                "ACCOUNT_IDS": "a",
                "LLM_MODEL_a": "m",
                "OPENROUTER_API_KEY_a": "canary",
                "OPENROUTER_APP_TITLE": "mine",
            },
            ModelProvider(api_key="env:OPENROUTER_API_KEY_a", app_title="mine"),
        ),
        (
            {
                "AGENT_6_PRIVATE_KEY": "canary",
                "AGENT_6_LLM_MODEL": "m",
                "OPENROUTER_API_KEY": "canary",
            },
            ModelProvider(api_key="env:OPENROUTER_API_KEY"),
        ),
    ],
)
def test_every_shape_of_variables_gives_accounts_that_ask_a_model(
    environ: dict[str, str], provider: ModelProvider
) -> None:
    source = find_source(None, environ)
    assert source is not None
    [account] = load_source(source, environ, is_named=False).accounts

    assert account.kind is AgentKind.LLM
    assert account.provider == provider
    assert "canary" not in repr(account)


decimals = st.decimals(0, 2, places=3)
prices = st.decimals(0, 1000, places=4)
budgets = st.builds(
    ModelBudget,
    calls=st.none() | st.integers(0, 10**9),
    tokens=st.none() | st.integers(0, 10**9),
    money=st.none() | prices,
    unknown_cost=st.sampled_from(UnknownCost),
    assumed_money=prices,
    assumed_tokens=st.integers(0, 10**9),
)


@st.composite
def model_agents(draw: st.DrawFn) -> ModelAgent:
    is_priced = draw(st.booleans())
    values: dict[str, Any] = {
        "form": draw(st.sampled_from(FORMS)),
        "uses_tools": draw(st.booleans()),
        "context_tokens": draw(st.integers(1_000, 200_000)),
        "temperature": draw(st.none() | decimals),
        "top_p": draw(st.none() | st.decimals(0, 1, places=3)),
        "seed": draw(st.none() | st.integers(0, 2**31 - 1)),
        "max_tokens": draw(st.integers(1, 100_000)),
        "effort": draw(st.sampled_from((None, *EFFORTS))),
        "output": draw(st.sampled_from((None, *OUTPUTS))),
        "takes_tools": draw(st.none() | st.booleans()),
        "providers": tuple(draw(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True)))),
        "only_these_providers": draw(st.booleans()),
        "budget": draw(budgets),
        "fallback": draw(st.none() | st.just("momentum")),
        "holds_on_other_model": draw(st.booleans()),
        "own_price_in": draw(prices) if is_priced else None,
        "own_price_out": draw(prices) if is_priced else None,
    }
    return ModelAgent(**values)


@given(model_agents())
def test_the_record_survives_the_store_exactly(agent: ModelAgent) -> None:
    account = Account(
        id="a",
        name="A",
        kind=AgentKind.LLM,
        strategy="llm",
        model="m",
        assets=("BTC",),
        interval=load(written()).interval,
        model_agent=agent,
    )

    assert account_from_json(account_to_json(account)) == account


def test_what_is_as_usual_is_not_written() -> None:
    assert model_agent_to_json(ModelAgent()) == {}
    assert model_agent_from_json({}) == ModelAgent()


def examples() -> list[str]:
    docs = Path(__file__).parents[3] / "docs"
    blocks = [
        block
        for name in ("configuration.md", "agents.md")
        for block in re.findall(r"```yaml\n(.*?)```", (docs / name).read_text(), re.DOTALL)
    ]
    return [block for block in blocks if "llm_model" in block]


@pytest.mark.parametrize("example", examples())
def test_the_examples_of_the_documents_are_accounts_that_ask_a_model(example: str) -> None:
    document = parse_document(example, "docs")
    accounts = read_accounts(document, {"OPENROUTER_API_KEY": "canary"}).accounts

    assert {account.kind for account in accounts} == {AgentKind.LLM}
    assert all(account.model_agent is not None for account in accounts)


def test_the_documents_have_examples() -> None:
    assert len(examples()) == 3
