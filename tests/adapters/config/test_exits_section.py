"""The `exits:` section of an account: defaults, refusals with place and key, and the stored form."""

from __future__ import annotations

from decimal import Decimal

import pytest
from jsonschema import Draft202012Validator

from adapters.config.accounts_file import read_accounts
from adapters.config.exits_config import ExitsConfig, exit_settings_of
from adapters.config.problems import ConfigurationError
from adapters.config.schema import accounts_schema
from adapters.config.yaml_document import parse_document
from adapters.store.account_json import account_from_json, account_to_json
from trading.account import Account
from trading.exit_settings import ExitSettings, Tier

BEFORE = "accounts:\n  - id: a\n    strategy: momentum\n    assets: [BTC]\n    exits: "


def account(section: str, **environ: str) -> Account:
    return read_accounts(parse_document(BEFORE + section, "x"), environ).accounts[0]


def test_without_a_section_the_exits_are_those_of_the_rules():
    assert account("{}").exits == exit_settings_of(ExitsConfig()) == ExitSettings()


def test_tiers_and_pullback_are_ratios_that_may_come_from_variables():
    exits = account(
        "{tiers: [{profit: 0.1, stop: '${S}'}, {profit: 50e-2, stop: 0.2}], pullback: 0.5}", S="0"
    )
    assert exits.exits == ExitSettings(
        tiers=(
            Tier(profit=Decimal("0.1"), stop=Decimal(0)),
            Tier(profit=Decimal("0.5"), stop=Decimal("0.2")),
        ),
        pullback=Decimal("0.5"),
    )


def test_both_can_be_switched_off():
    assert account("{tiers: [], pullback: null}").exits == ExitSettings(tiers=(), pullback=None)


@pytest.mark.parametrize(
    ("section", "refusal"),
    [
        (
            "{pullback: 30}",
            "exits.pullback is 30; allowed is a ratio above 0 and up to 1, or null for none"
            " -> for 30 per cent write 0.3",
        ),
        (
            "{tiers: [{profit: 8, stop: 0}]}",
            "exits.tiers[0].profit is 8; allowed is a ratio above 0 and up to 2 (0.08 is 8 %)"
            " -> for 8 per cent write 0.08",
        ),
        (
            "{tiers: [{profit: 0.08, stop: 3}]}",
            "exits.tiers[0].stop is 3; allowed is a ratio from 0 to below its profit"
            " -> for 3 per cent write 0.03",
        ),
        (
            "{tiers: [{profit: 0.08, stop: 0.09}]}",
            "exits.tiers has a stop of 0.09 at a profit of 0.08, allowed is a ratio from 0 to"
            " below that profit",
        ),
        (
            "{tiers: [{profit: 0.2, stop: 0.1}, {profit: 0.3, stop: 0.1}]}",
            "exits.tiers has 0.3:0.1 after 0.2:0.1, allowed are tiers whose profit and stop"
            " both rise",
        ),
        (
            "{tiers: [{profit: 0.2}]}",
            "exits.tiers[0].stop is missing; it is a ratio from 0 to below its profit",
        ),
        ("{tears: []}", "exits.tears is not a known key -> did you mean 'tiers'?"),
        (
            "{tiers: {profit: 1}}",
            "exits.tiers is a mapping; allowed is a list of at most 10 mappings with profit and"
            " stop, both rising",
        ),
        ("5", "exits is 5; allowed is a mapping of tiers and pullback"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_key_its_value_and_what_is_allowed(section, refusal):
    with pytest.raises(ConfigurationError) as refused:
        account(section)
    assert str(refused.value) == f"x:5: accounts[0].{refusal}"


def test_the_schema_knows_the_section():
    validator = Draft202012Validator(accounts_schema())

    def takes(exits: object) -> bool:
        entry = {"id": "a", "strategy": "momentum", "assets": ["BTC"], "exits": exits}
        return validator.is_valid({"accounts": [entry]})

    assert takes({"tiers": [{"profit": 0.08, "stop": "${S}"}], "pullback": None})
    assert takes({"pullback": "0.3"})
    assert not takes({"pullback": 30})
    assert not takes({"tiers": [{"profit": 8, "stop": 0}]})
    assert not takes({"tiers": [{"profit": 0.08}]})
    assert not takes({"tears": []})


@pytest.mark.parametrize(
    "section", ["{}", "{tiers: [], pullback: null}", "{tiers: [{profit: 0.1, stop: 0.05}]}"]
)
def test_the_stored_document_holds_them_exactly(section):
    stored = account(section)
    assert account_from_json(account_to_json(stored)) == stored


def test_a_document_of_an_older_version_has_the_exits_of_the_rules():
    stored = account("{tiers: []}")
    document = account_to_json(stored)
    del document["exits"]
    assert account_from_json(document).exits == ExitSettings()
    assert account_from_json({**document, "exits": {"pullback": None}}).exits == ExitSettings(
        pullback=None
    )
