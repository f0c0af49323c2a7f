"""`blend:` and `assets: scan(5)`: what they mean, and the sentences about what is wrong with them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from adapters.config.accounts_file import load_accounts
from adapters.config.problems import ConfigurationError
from adapters.config.sources import find_source, load_source
from adapters.store.account_json import account_from_json, account_to_json
from trading.account import Account, AgentKind
from trading.blend_plan import BLEND, Allocation, Blend, Member, Regime, RegimeRule
from trading.scan_plan import Scan
from trading.timeframes import Timeframe

KNOWN = ("BTC", "ETH", "SOL")


def load(tmp_path: Path, text: str, **environ: str) -> Account:
    path = tmp_path / "accounts.yaml"
    path.write_text(text)
    [account] = load_accounts(path, environ, known_assets=KNOWN)
    return account


def problems_of(tmp_path: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path, text, **environ)
    return [str(problem).removeprefix(f"{tmp_path}/") for problem in refused.value.problems]


def with_assets(assets: str) -> str:
    return f"accounts:\n  - id: a\n    strategy: grid\n    assets: {assets}\n"


def with_blend(*lines: str) -> str:
    """The lines are lines 5 and on."""
    return "\n".join(
        ["accounts:", "  - id: a", "    assets: [BTC]", "    blend:"]
        + [f"      {x}" for x in lines]
    )


def with_members(*members: str) -> str:
    """The first member is line 6."""
    return with_blend("members:", *(f"- {member}" for member in members))


@pytest.mark.parametrize(
    ("written", "assets", "scan"),
    [
        ("scan(5)", (), 5),
        ('"scan( 2 )"', (), 2),
        ("{scan: 2}", (), 2),
        ("{scan: 2, of: [BTC, ETH, SOL]}", ("BTC", "ETH", "SOL"), 2),
        ("{scan: '2', of: BTC ETH}", ("BTC", "ETH"), 2),
        ("scan(${N})", (), 3),
        ("[BTC, ETH]", ("BTC", "ETH"), None),
        ("BTC, ETH", ("BTC", "ETH"), None),
    ],
)
def test_every_form_of_assets_means_what_it_says(tmp_path, written, assets, scan) -> None:
    account = load(tmp_path, with_assets(written), N="3")
    assert account.assets == assets
    assert account.scan == (None if scan is None else Scan(count=scan))


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("scan(0)", "assets.scan is 0; allowed is how many instruments are chosen, a whole number"),
        ("scan(many)", "assets.scan is many; allowed is how many instruments"),
        ("scan 5", "assets.scan is scan 5; allowed is how many instruments"),
        ("{of: [BTC]}", "assets.scan is missing; it is how many instruments"),
        ("{scan: 1, from: [BTC]}", "assets.from is not a known key -> known keys: scan, of"),
        ("{scan: 1, of: []}", "assets.of is an empty list; allowed is the base assets to choose"),
        ("{scan: 1, of: [BTC, FOO]}", "assets.of[1] is FOO, which this market does not have"),
        ("{scan: 1, of: [BTC, BTC]}", "assets.of[1] is BTC, which is named twice"),
        ("{scan: 3, of: [BTC, ETH]}", "assets.scan is 3, but `of` names only 2 -> name more"),
        ("[]", "assets is an empty list; allowed is a list of base assets such as [BTC, ETH], or"),
        ("5", "assets is 5; allowed is a list of base assets"),
    ],
)
def test_a_faulty_form_of_assets_is_named_by_line_key_and_next_step(
    tmp_path, written, sentence
) -> None:
    [problem] = problems_of(tmp_path, with_assets(written))
    assert problem.startswith(f"accounts.yaml:4: accounts[0].{sentence}")


def test_a_scan_may_come_from_a_variable(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {"STRATEGY": "grid", "ASSETS": "scan(4)"}
    source = find_source(None, environ)
    assert source is not None
    [account] = load_source(source, environ, is_named=False, known_assets=KNOWN).accounts
    assert (account.assets, account.scan) == ((), Scan(count=4))


def test_the_smallest_blend_has_equal_weights_and_is_for_every_regime(tmp_path) -> None:
    account = load(tmp_path, with_members("strategy: momentum", "strategy: grid"))
    assert (account.strategy, account.kind) == (BLEND, AgentKind.RULE)
    assert account.name == "Blend of grid, momentum"
    assert account.limits.requires_stop
    assert account.blend == Blend(
        members=(
            Member(name="grid", strategy="grid"),
            Member(name="momentum", strategy="momentum"),
        )
    )


def test_every_key_of_a_blend_reaches_the_account_and_survives_the_store(tmp_path) -> None:
    account = load(
        tmp_path,
        with_blend(
            "allocation: inverse_volatility",
            "max_share: 0.6",
            "regime: {timeframe: 4h, trend_adx: 30, trend_efficiency: 0.4, volatile_ratio: 2}",
            "members:",
            "- {strategy: momentum, weight: 2, regimes: [volatile, trending]}",
            "- {strategy: momentum, name: slow, weight: '${W}', parameters: {slow_period: 100}}",
        ),
        W="0.5",
    )
    assert account.blend == Blend(
        members=(
            Member(
                name="momentum",
                strategy="momentum",
                weight=Decimal(2),
                regimes=(Regime.TRENDING, Regime.VOLATILE),
            ),
            Member(
                name="slow",
                strategy="momentum",
                weight=Decimal("0.5"),
                parameters={"slow_period": 100.0},
            ),
        ),
        allocation=Allocation.INVERSE_VOLATILITY,
        max_share=Decimal("0.6"),
        regime=RegimeRule(
            timeframe=Timeframe.H4, trend_adx=30, trend_efficiency=0.4, volatile_ratio=2
        ),
    )
    assert account_from_json(account_to_json(account)) == account


def test_documents_without_blend_and_scan_stay_as_they_were(tmp_path) -> None:
    document = account_to_json(load(tmp_path, with_assets("[BTC]")))
    assert not {"blend", "scan"} & document.keys()
    assert account_from_json(document).blend is None


@pytest.mark.parametrize(
    ("members", "place"),
    [
        (
            ["{strategy: momentumm}"],
            "members[0].strategy is 'momentumm'; allowed is one of momentum",
        ),
        (
            ["strategy: buy_and_hold"],
            "members[0].strategy is 'buy_and_hold', a benchmark, which the others are compared",
        ),
        (["weight: 1"], "members[0].strategy is missing; it is the name of a strategy"),
        (
            ["{strategy: momentum, weight: -1}"],
            "members[0].weight is -1; allowed is a number from 0 to 1000",
        ),
        (
            ["{strategy: grid, regimes: [bullish]}"],
            "members[0].regimes[0] is bullish; allowed is a list of some of trending, sideways,",
        ),
        (
            ["{strategy: grid, regimes: []}"],
            "members[0].regimes is an empty list; allowed is a list",
        ),
        (
            ["{strategy: grid, parameters: {levels: 99}}"],
            "members[0].parameters do not fit: strategy grid: parameter levels is 99, allowed",
        ),
        (["{strategy: grid, size: 1}"], "members[0].size is not a known key"),
        (["{strategy: grid, weight: 0}"], "members have no weight above 0, so nobody would decide"),
    ],
)
def test_a_faulty_member_is_named_by_line_key_and_what_is_allowed(tmp_path, members, place) -> None:
    [problem] = problems_of(tmp_path, with_members(*members))
    line = 5 if place.startswith("members have") else 6
    assert problem.startswith(f"accounts.yaml:{line}: accounts[0].blend.{place}")


def test_a_strategy_that_is_there_twice_needs_a_name(tmp_path) -> None:
    [problem] = problems_of(tmp_path, with_members("strategy: grid", "strategy: grid"))
    assert problem == (
        "accounts.yaml:7: accounts[0].blend.members[1].strategy is grid like member 0"
        " -> give one of the two another `name`"
    )


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ("strategy: grid", "accounts[0].strategy and accounts[0].blend exclude each other"),
        ("parameters: {x: 1}", "accounts[0].parameters and accounts[0].blend exclude each other"),
        ("llm_model: m", "accounts[0].blend and accounts[0].llm_model exclude each other"),
    ],
)
def test_only_one_decides(tmp_path, other, sentence) -> None:
    text = with_members("strategy: grid") + f"\n    {other}"
    assert any(sentence in problem for problem in problems_of(tmp_path, text))


def test_a_blend_may_not_hold_without_a_stop(tmp_path) -> None:
    text = with_members("strategy: grid") + "\n    limits: {requires_stop: false}"
    [problem] = problems_of(tmp_path, text)
    assert "requires_stop is false for strategy blend; only a benchmark" in problem


def test_a_name_that_a_variable_held_is_not_repeated(tmp_path) -> None:
    [problem] = problems_of(tmp_path, with_members("strategy: ${WHO}"), WHO="canary-strategy")
    assert "canary" not in problem
    assert "${WHO}" in problem
