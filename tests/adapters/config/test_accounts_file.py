"""`accounts.yaml`: what it means, and the sentences about what is wrong with it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.config.accounts_file import load_accounts, read_accounts
from adapters.config.limits_config import LimitsConfig
from adapters.config.problems import ConfigurationError
from adapters.config.schema import accounts_schema
from adapters.config.yaml_document import parse_document
from trading.account import Account, AgentKind, Mode, ModelProvider, Network, VenueKeys
from trading.limit_ranges import LIMITS
from trading.limits import LIMIT_NAMES, RiskLimits
from trading.timeframes import Timeframe

KNOWN = ("BTC", "ETH", "SOL")
DEMO = Path(__file__).parents[3] / "deployments" / "accounts" / "demo.yaml"


def load(tmp_path: Path, text: str, **environ: str) -> tuple[Account, ...]:
    path = tmp_path / "accounts.yaml"
    path.write_text(text)
    return load_accounts(path, environ, known_assets=KNOWN)


def problems_of(tmp_path: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path, text, **environ)
    return [str(problem).removeprefix(f"{tmp_path}/") for problem in refused.value.problems]


def account(*lines: str) -> str:
    """An account that is right, with further lines; they are lines 5 and on."""
    return "\n".join(
        ["accounts:", "  - id: alpha", "    strategy: momentum", "    assets: [BTC]"]
        + [f"    {line}" for line in lines]
    )


def test_the_smallest_account_has_the_defaults_of_the_rules(tmp_path: Path) -> None:
    [loaded] = load(tmp_path, account())

    assert loaded.assets == ("BTC",)
    assert loaded.interval is Timeframe.H1
    assert loaded.mode is Mode.PAPER
    assert loaded.kind is AgentKind.RULE
    assert loaded.initial_equity == Decimal(10_000)
    assert loaded.limits == RiskLimits()


def test_every_key_reaches_the_account(tmp_path: Path) -> None:
    [loaded] = load(
        tmp_path,
        account(
            "name: Alpha one",
            "interval: 4h",
            "initial_equity: 2500.50",
            "parameters: {fast_period: 5}",
            "limits: {leverage: 2, max_leverage: 4, max_position_ratio: 0.1, requires_stop: true}",
        ).replace("[BTC]", "BTC, SOL"),
    )

    assert loaded.name == "Alpha one"
    assert loaded.assets == ("BTC", "SOL")
    assert loaded.interval is Timeframe.H4
    assert loaded.initial_equity == Decimal("2500.50")
    assert loaded.parameters == {"fast_period": 5}
    assert loaded.limits == RiskLimits(
        leverage=2, max_leverage=4, max_position_ratio=Decimal("0.1")
    )


def test_risk_is_another_name_for_limits(tmp_path: Path) -> None:
    [loaded] = load(tmp_path, account("risk: {leverage: 2}"))

    assert loaded.limits.leverage == 2


def test_the_demo_holds_five_agents_and_only_the_benchmark_goes_without_a_stop() -> None:
    accounts = load_accounts(DEMO, {}, known_assets=KNOWN)

    assert [each.id for each in accounts] == [
        "momentum",
        "mean-reversion",
        "grid",
        "ml-scalper",
        "buy-and-hold",
    ]
    assert [each.id for each in accounts if not each.limits.requires_stop] == ["buy-and-hold"]
    assert {each.initial_equity for each in accounts} == {Decimal(10_000)}


def test_limits_of_the_file_are_the_limits_of_the_rules() -> None:
    assert tuple(LimitsConfig.model_fields) == LIMIT_NAMES
    values = LimitsConfig().model_dump(exclude={"requires_stop", "min_reward_to_risk"})
    assert RiskLimits(**values) == RiskLimits()


@pytest.mark.parametrize("name", LIMIT_NAMES)
def test_a_limit_of_the_file_has_the_range_and_the_words_of_the_rules(name: str) -> None:
    allowed = LIMITS[name].allowed
    if allowed is None:
        return
    schema = accounts_schema()["$defs"]["LimitsConfig"]["properties"][name]
    numbers = [each for each in schema["anyOf"] if each.get("type") in ("number", "integer")]
    low = "exclusiveMinimum" if allowed.is_low_open else "minimum"
    high = "exclusiveMaximum" if allowed.is_high_open else "maximum"
    assert [(each[low], each[high]) for each in numbers] == [(allowed.low, allowed.high)]
    assert schema["description"] == allowed.words


def test_a_model_must_name_levels_that_are_worth_their_risk_and_a_strategy_need_not() -> None:
    written = {"id": "a", "assets": ["BTC"]}

    def floor(**who: Any) -> Decimal:
        document = parse_document(json.dumps({"accounts": [{**written, **who}]}), "x", json=True)
        [account] = read_accounts(document, {}).accounts
        return account.limits.min_reward_to_risk

    assert floor(strategy="grid") == Decimal("0.1")
    model = {"llm_model": "m", "openrouter": {"api_key": "env:KEY"}}
    assert floor(**model) == 1
    assert floor(**model, limits={"min_reward_to_risk": 0.5}) == Decimal("0.5")


@pytest.mark.parametrize(
    ("written", "ratio"), [("20", "0.2"), ("100", "1"), ('"2.5"', "0.025"), ('"${SIZE}"', "0.15")]
)
def test_the_sizes_of_seed_004_are_percentages(tmp_path: Path, written: str, ratio: str) -> None:
    for section in ("limits", "risk"):
        text = account(f"{section}: {{max_position_size_pct: {written}}}")
        [loaded] = load(tmp_path, text, SIZE="15")
        assert loaded.limits.max_position_ratio == Decimal(ratio)


@pytest.mark.parametrize("written", ["0.2", "101", "yes", "20%", "null", "[20]"])
def test_a_percentage_that_could_be_a_ratio_is_refused(tmp_path: Path, written: str) -> None:
    assert problems_of(tmp_path, account(f"limits: {{max_position_size_pct: {written}}}")) == [
        "accounts.yaml:5: accounts[0].limits.max_position_size_pct has another value; allowed is a"
        " percentage from 1 to 100; for less write max_position_ratio"
    ]


def test_a_percentage_and_the_ratio_it_means_exclude_each_other(tmp_path: Path) -> None:
    text = account("limits: {min_position_size_pct: 2, min_position_ratio: 0.02}")
    [problem] = problems_of(tmp_path, text)
    assert "min_position_size_pct and limits.min_position_ratio mean the same" in problem


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "stratgy: momentum",
            "accounts.yaml:5: accounts[0].stratgy is not a known key -> did you mean 'strategy'?",
        ),
        (
            "limits: {max_leverge: 3}",
            "accounts.yaml:5: accounts[0].limits.max_leverge is not a known key"
            " -> did you mean 'max_leverage'?",
        ),
        (
            "limits: {max_position_ratio: 20}",
            "accounts.yaml:5: accounts[0].limits.max_position_ratio is 20;"
            " allowed is a ratio above 0 and up to 1 -> for 20 per cent write 0.2",
        ),
        (
            "risk: {max_daily_loss_ratio: 5%}",
            "accounts.yaml:5: accounts[0].limits.max_daily_loss_ratio is 5%;"
            " allowed is a ratio above 0 and up to 1 -> for 5 per cent write 0.05",
        ),
        (
            "limits: {halt_at_drawdown: .nan}",
            "accounts.yaml:5: accounts[0].limits.halt_at_drawdown is nan;"
            " allowed is a ratio above 0 and up to 1",
        ),
        (
            "limits: {max_leverage: 500}",
            "accounts.yaml:5: accounts[0].limits.max_leverage is 500;"
            " allowed is a whole number from 1 to 125",
        ),
        (
            "limits: {leverage: 4.5}",
            "accounts.yaml:5: accounts[0].limits.leverage is 4.5;"
            " allowed is a whole number from 1 to max_leverage",
        ),
        (
            "limits: {leverage: yes}",
            "accounts.yaml:5: accounts[0].limits.leverage is true;"
            " allowed is a whole number from 1 to max_leverage",
        ),
        (
            "limits: {leverage: 9}",
            "accounts.yaml:5: accounts[0].limits.leverage is 9, allowed is at most max_leverage (5)",
        ),
        (
            "limits: {requires_stop: false}",
            "accounts.yaml:5: accounts[0].limits.requires_stop is false for strategy momentum;"
            " only a benchmark may hold without a stop -> remove the key",
        ),
        (
            "interval: 7m",
            "accounts.yaml:5: accounts[0].interval is 7m;"
            " allowed is one of 1m, 3m, 5m, 15m, 30m, 1h, 4h, 1d",
        ),
        (
            "initial_equity: -1",
            "accounts.yaml:5: accounts[0].initial_equity is -1;"
            " allowed is an amount of USDT above 0 and up to 1000000000",
        ),
        (
            "name: ${UNSET}",
            "accounts.yaml:5: accounts[0].name needs the variable UNSET, which is not set"
            " -> put UNSET=... into .env or the environment",
        ),
        (
            "asterdex: {api_key: canary-5f1e}",
            "accounts.yaml:5: accounts[0].asterdex.api_key is no reference to a secret;"
            " allowed is a reference: ${NAME}, env:NAME, file:/path or block:aster-credentials/NAME"
            " -> put the secret into .env and write ${NAME} here",
        ),
    ],
)
def test_a_fault_is_named_by_file_line_key_value_and_next_step(
    tmp_path: Path, line: str, sentence: str
) -> None:
    assert problems_of(tmp_path, account(line)) == [sentence]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "accounts is missing"),
        ("accounts: []", "accounts is an empty list; allowed is a list with at least one account"),
        ("accounts: 5", "accounts is 5; allowed is a list with at least one account"),
        ("- id: a", "is a list"),
        (account() + "\nacounts: []", "acounts is not a known key -> did you mean 'accounts'?"),
        (account().replace("momentum", "momentun"), "-> did you mean 'momentum'?"),
        (account().replace("[BTC]", "[BTC, ETHX]"), "this market does not have; it has BTC, ETH"),
        (account().replace("[BTC]", "[BTC, BTC]"), "assets[1] is BTC, which is named twice"),
        (account().replace("[BTC]", "[]"), "assets is an empty list"),
        (account().replace("alpha", "../etc"), "id is ../etc; allowed is 1 to 64 characters"),
        (account().replace("alpha", "42"), "id is 42; allowed is 1 to 64 characters"),
        (account().replace("alpha", "\u0430lpha"), "allowed is 1 to 64 characters of a-z"),
        (account().replace("alpha", "a" * 65), "allowed is 1 to 64 characters"),
        (account("parameters: {speed: 1}"), "strategy momentum has no parameter 'speed'; known:"),
        (account("parameters: {fast_period: fast}"), "fast_period is fast; allowed is"),
        (
            account("llm_model: x-ai/grok-4"),
            "strategy and accounts[0].llm_model exclude each other",
        ),
        (account("prompt: calm"), "prompt goes with llm_model, which is not given"),
        (account("asterdex: {api_key: 'env:A'}"), "asterdex.api_secret is missing beside"),
        (
            account("asterdex: {private_key: 'env:A', mnemonic: 'env:B'}"),
            "asterdex.mnemonic and accounts[0].asterdex.private_key exclude each other",
        ),
        (
            account("asterdex: {user_address: '0x12'}"),
            "user_address is 0x12; allowed is an address of 0x and 40 hex digits, or a reference",
        ),
        (
            account("asterdex: {base_url: 'http://fapi.asterdex.com'}"),
            "allowed is an address that starts with https://",
        ),
        (account("isPaperTrading: maybe"), "isPaperTrading has another value; allowed is true or"),
        (account("isPaperTrading: true", "mode: paper"), "isPaperTrading and mode mean the same"),
    ],
)
def test_further_faults_name_what_is_allowed(tmp_path: Path, text: str, words: str) -> None:
    [sentence] = problems_of(tmp_path, text)

    assert words in sentence


def test_all_faults_of_all_accounts_come_in_one_go_in_the_order_of_the_file(
    tmp_path: Path,
) -> None:
    sentences = problems_of(
        tmp_path,
        "accounts:\n"
        "  - {id: a, strategy: grid, assets: [BTC], interval: 2h}\n"
        "  - {id: b, strategy: nonsense, assets: [BTC]}\n"
        "  - {id: b, strategy: grid, assets: [DOGE], name: '${UNSET}'}\n",
    )

    assert [sentence.split(" ")[0] for sentence in sentences] == [
        "accounts.yaml:2:",
        "accounts.yaml:3:",
        "accounts.yaml:4:",
        "accounts.yaml:4:",
        "accounts.yaml:4:",
    ]
    together = "\n".join(sentences)
    assert "accounts[2].id is 'b', which accounts[1] has already" in together
    assert "UNSET" in together


def test_a_value_from_the_environment_is_shown_as_its_variable(tmp_path: Path) -> None:
    [sentence] = problems_of(tmp_path, account("interval: ${WHEN}"), WHEN="canary-5f1e")

    assert "interval is ${WHEN}; allowed is one of" in sentence


@pytest.mark.parametrize(
    "place",
    [
        "api_key: {0}",
        "asterdex: {{api_key: {0}, api_secret: [{0}]}}",
        "asterdex: {{apikey: {0}}}",
        "openrouter: {{api_key: {{a: {0}}}}}",
        "asterdex: {{private_key: {0}, network: moon}}",
    ],
)
def test_a_secret_in_clear_text_is_refused_and_never_repeated(tmp_path: Path, place: str) -> None:
    sentences = problems_of(tmp_path, account(place.format("canary-5f1e")))

    assert "canary" not in "\n".join(sentences)


def test_references_to_secrets_are_kept_and_their_values_are_not(tmp_path: Path) -> None:
    [loaded] = load(
        tmp_path,
        account("asterdex: {api_key: '${KEY}', api_secret: 'file:/run/secrets/aster'}"),
        KEY="canary-5f1e",
    )

    assert "canary" not in repr(loaded)
    assert loaded.venue_keys == VenueKeys(api_key="env:KEY", api_secret="file:/run/secrets/aster")


def test_what_an_account_cannot_use_yet_is_kept_for_later(tmp_path: Path) -> None:
    [loaded] = load(
        tmp_path,
        account(
            "openrouter: {api_key: 'block:openrouter/main', app_title: arena}",
            "asterdex: {user_address: '0x" + "a" * 40 + "', network: testnet}",
        ),
    )

    assert loaded.provider == ModelProvider(api_key="block:openrouter/main", app_title="arena")
    assert loaded.venue_keys == VenueKeys(user_address="0x" + "a" * 40, network=Network.TESTNET)


def test_a_fault_of_one_key_hides_no_fault_of_another(tmp_path: Path) -> None:
    path = tmp_path / "accounts.yaml"
    path.write_text(
        "accounts:\n  - id: alpha\n    strategy: momentumm\n    assets: [BTC, FOO]\n"
        "    interval: 7m\n    limits: {max_leverage: 500}\n"
    )
    with pytest.raises(ConfigurationError) as refusal:
        load_accounts(path, {}, known_assets=("BTC", "ETH"))
    assert [(problem.line, problem.key) for problem in refusal.value.problems] == [
        (3, "accounts[0].strategy"),
        (4, "accounts[0].assets[1]"),
        (5, "accounts[0].interval"),
        (6, "accounts[0].limits.max_leverage"),
    ]


def test_a_missing_variable_is_said_once_and_not_also_as_an_unknown_name(tmp_path: Path) -> None:
    path = tmp_path / "accounts.yaml"
    path.write_text(
        "accounts:\n  - id: alpha\n    strategy: ${STRATEGY}\n    assets: [BTC]\n    interval: 1h\n"
    )
    with pytest.raises(ConfigurationError) as refusal:
        load_accounts(path, {})
    (problem,) = refusal.value.problems
    assert "STRATEGY" in problem.text


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("asterUserAddress: 'env:MAIN'", VenueKeys(user_address="env:MAIN")),
        ("asterSignerAddress: 'env:AGENT'", VenueKeys(signer_address="env:AGENT")),
    ],
)
def test_the_names_of_seed_001_are_understood(
    tmp_path: Path, written: str, meant: VenueKeys
) -> None:
    [loaded] = load(tmp_path, account(written, "isPaperTrading: true"))

    assert loaded.venue_keys == meant
    assert loaded.mode is Mode.PAPER


def test_the_alias_for_live_trading_means_live_trading_itself(tmp_path: Path) -> None:
    [sentence] = problems_of(tmp_path, account("isPaperTrading: false"))

    assert "asterdex.private_key is missing from live account 'alpha'" in sentence


HEX_KEY = "4fd0a42218f3eae43a6ce26d22544e986139a01e5b34a62db53757ffca81bae1"
PHRASE = "test test test test test test test test test test test junk"


@pytest.mark.parametrize("secret", [HEX_KEY, f"0x{HEX_KEY}", "sk-or-v1-abcdefgh12345678", PHRASE])
@pytest.mark.parametrize(
    "place",
    [
        "name: {0}",
        "llm_model: {0}",
        "interval: {0}",
        "mode: {0}",
        "asterdex: {{network: {0}}}",
        "asterdex: {{user_address: {0}}}",
        "asterdex: {{base_url: 'https://user:{0}@fapi.asterdex.com'}}",
        "openrouter: {{referer: {0}}}",
        "openrouter: {{api_key: '${{UNSET:-{0}}}'}}",
        "limits: {{max_leverage: {0}}}",
    ],
)
def test_a_secret_in_any_wrong_place_is_refused_and_never_repeated(
    tmp_path: Path, place: str, secret: str
) -> None:
    text = account(place.format(secret)).replace("strategy: momentum", "name: x")

    together = "\n".join(problems_of(tmp_path, text.replace("    name: x\n", "", 1)))

    assert secret not in together
    assert secret.split()[-1] not in together


def test_an_id_that_is_a_private_key_is_refused(tmp_path: Path) -> None:
    [sentence] = problems_of(tmp_path, account().replace("alpha", f"'{HEX_KEY}'"))

    assert "id is something that looks like a secret" in sentence
    assert HEX_KEY not in sentence
