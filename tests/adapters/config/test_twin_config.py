"""An account with `twin_of`: what it becomes, and every way in which it is refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from adapters.config.accounts_file import read_accounts
from adapters.config.problems import ConfigurationError
from adapters.config.schema import accounts_schema
from adapters.config.sources import find_source, load_source
from adapters.config.yaml_document import parse_document
from adapters.store.account_json import account_from_json, account_to_json
from trading.account import Account, Mode
from trading.decision.twin_account import TwinWish, build_twin
from trading.paper_terms import PaperFees, PaperTerms
from trading.timeframes import Timeframe

LIVE = f"""
  - id: btc-live
    name: Trend
    strategy: momentum
    parameters: {{adx_entry: 30}}
    assets: [BTC]
    interval: 5m
    mode: live
    limits: {{leverage: 2}}
    exits: {{pullback: 0.25}}
    asterdex: {{private_key: 'env:KEY', user_address: '0x{"a" * 40}'}}
"""
PAPER = "\n  - {id: grid, strategy: grid, assets: [BTC]}"


def read(*entries: str, stored: tuple[Account, ...] | None = None) -> tuple[Account, ...]:
    document = parse_document("accounts:" + "".join(entries), "accounts.yaml")
    return read_accounts(document, {}, known_assets=("BTC",), stored=stored).accounts


def refusals(*entries: str, stored: tuple[Account, ...] | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        read(*entries, stored=stored)
    return [str(problem).partition(": ")[2] for problem in refused.value.problems]


def twin(*lines: str, of: str = "btc-live", id: str = "btc-paper") -> str:
    return "\n".join(
        ["", f"  - id: {id}", f"    twin_of: {of}", *(f"    {each}" for each in lines)]
    )


def test_a_twin_is_built_from_its_original_wherever_it_stands_in_the_file() -> None:
    live, paper = read(LIVE, twin())
    assert read(twin(), LIVE) == (paper, live)
    wish = TwinWish(id="btc-paper", name=None, initial_equity=Decimal(10_000), paper=PaperTerms())
    assert paper == build_twin(wish, live)
    assert (paper.mode, paper.twin_of, paper.interval) == (Mode.PAPER, "btc-live", Timeframe.M5)
    assert account_from_json(account_to_json(paper)) == paper


def test_its_name_its_money_and_its_paper_terms_are_its_own() -> None:
    _, paper = read(
        LIVE, twin("name: Shadow", "initial_equity: 2500", "paper: {taker_fee: 0.0004}")
    )
    assert (paper.name, paper.initial_equity) == ("Shadow", Decimal(2_500))
    assert paper.paper == PaperTerms(fees=PaperFees(taker=Decimal("0.0004")))


def test_its_original_may_be_in_the_arena_already() -> None:
    (live,) = read(LIVE)
    assert read(twin(), stored=(live,)) == read(LIVE, twin())[1:]


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("strategy: grid", "strategy is taken from 'btc-live' -> remove it"),
        ("assets: [ETH]", "assets is taken from 'btc-live' -> remove it"),
        ("interval: 1h", "interval is taken from 'btc-live' -> remove it"),
        ("parameters: {adx_entry: 20}", "parameters is taken from 'btc-live' -> remove it"),
        ("limits: {leverage: 5}", "limits is taken from 'btc-live' -> remove it"),
        ("risk: {leverage: 5}", "limits is taken from 'btc-live' -> remove it"),
        ("exits: {pullback: 0.1}", "exits is taken from 'btc-live' -> remove it"),
        ("llm_model: x-ai/grok-4", "llm_model is taken from 'btc-live' -> remove it"),
        ("mode: live", "mode is of no use to a twin, which always trades on paper -> remove it"),
        (
            "asterdex: {private_key: 'env:KEY'}",
            "asterdex is of no use to a twin, which trades on paper -> remove it",
        ),
    ],
)
def test_a_key_that_would_make_it_differ_is_refused(line: str, refusal: str) -> None:
    assert refusals(LIVE, twin(line)) == [f"accounts[1].{refusal}"]


def test_all_its_problems_are_told_at_once_and_a_misspelt_key_is_one_of_them() -> None:
    found = refusals(LIVE, twin("strategy: grid", "asets: [BTC]", "initial_equity: -1"))
    assert [each.partition(" ")[0] for each in found] == [
        "accounts[1].strategy", "accounts[1].asets", "accounts[1].initial_equity",
    ]  # fmt: skip


OTHER = twin(id="second")


@pytest.mark.parametrize(
    ("entries", "refusal"),
    [
        (
            (PAPER, twin(of="grid")),
            "[1].twin_of is 'grid', which trades on paper -> name a live account: there is none yet",
        ),
        (
            (LIVE, PAPER, twin(of="grid")),
            "[2].twin_of is 'grid', which trades on paper -> name a live account: btc-live",
        ),
        (
            (LIVE, twin(), twin(of="btc-paper", id="third")),
            "[2].twin_of is 'btc-paper', which is a twin itself -> name its original, 'btc-live'",
        ),
        (
            (LIVE, twin(), OTHER),
            "[2].twin_of is 'btc-live', which has the twin 'btc-paper' already -> keep one of the"
            " two",
        ),
        (
            (LIVE, twin(of="btc-paper")),
            "[1].twin_of is 'btc-paper', which is the account itself -> name a live account:"
            " btc-live",
        ),
        (
            (PAPER, twin(of="nobody")),
            "[1].twin_of is 'nobody', which this file does not have -> describe account 'nobody' in"
            " this file as well",
        ),
    ],
)
def test_an_original_that_cannot_be_one_is_refused_with_the_next_step(
    entries: tuple[str, ...], refusal: str
) -> None:
    assert refusals(*entries) == [f"accounts{refusal}"]


def test_an_original_in_the_arena_is_judged_alike() -> None:
    live, paper = read(LIVE, twin())
    assert refusals(twin(of="btc-lve"), stored=(live,)) == [
        "accounts[0].twin_of is 'btc-lve', which is neither in this file nor in the arena -> did"
        " you mean 'btc-live'?"
    ]
    assert refusals(twin(of="btc-paper", id="x"), stored=(live, paper)) == [
        "accounts[0].twin_of is 'btc-paper', which is a twin itself -> name its original,"
        " 'btc-live'"
    ]
    assert refusals(twin(id="x"), stored=(live, paper)) == [
        "accounts[0].twin_of is 'btc-live', which has the twin 'btc-paper' already -> keep one of"
        " the two"
    ]
    assert read(twin(), stored=(live, paper)) == (paper,)


def test_an_original_that_is_faulty_is_named_once() -> None:
    [refusal] = refusals(LIVE.replace("momentum", "momentun"), twin())
    assert refusal.startswith("accounts[0].strategy is 'momentun'")


def test_variables_describe_a_twin_that_shares_nothing_but_its_original(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {
        "ACCOUNT_IDS": "one,two",
        "STRATEGY": "momentum",
        "ASSETS": "BTC",
        "TRADING_MODE_one": "live",
        "ASTERDEX_PRIVATE_KEY_one": "secret",
        "ASTERDEX_USER_ADDRESS": "0x" + "a" * 40,
        "TWIN_OF_two": "one",
        "INITIAL_EQUITY_two": "2500",
    }
    source = find_source(None, environ)
    assert source is not None
    one, two = load_source(source, environ, is_named=False).accounts
    assert (two.twin_of, two.strategy, two.initial_equity) == ("one", "momentum", Decimal(2_500))
    assert one.mode is Mode.LIVE
    with pytest.raises(ConfigurationError, match="STRATEGY_two is taken from 'one'"):
        load_source(source, {**environ, "STRATEGY_two": "grid"}, is_named=False)


def test_the_schema_lets_a_twin_do_without_assets_and_nobody_else() -> None:
    account = accounts_schema()["$defs"]["AccountConfig"]
    assert account["required"] == ["id"]
    assert {"required": ["twin_of"]} in account["anyOf"]
    assert all("assets" in each["required"] for each in account["anyOf"][:-1])
