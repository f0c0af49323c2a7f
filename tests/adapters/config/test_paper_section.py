"""The `paper:` section of an account: costs and fills on paper, their refusals and stored form."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from jsonschema import Draft202012Validator

from adapters.config.accounts_file import read_accounts
from adapters.config.paper_config import PaperConfig, paper_terms_of
from adapters.config.problems import ConfigurationError
from adapters.config.schema import accounts_schema
from adapters.config.yaml_document import parse_document
from adapters.store.account_json import account_from_json, account_to_json, config_hash
from trading.account import Account
from trading.errors import InvalidRecord
from trading.paper_terms import PaperExecution, PaperFees, PaperTerms, SlippagePolicy

BEFORE = "accounts:\n  - id: a\n    strategy: momentum\n    assets: [BTC]\n    paper: "


def account(section: str) -> Account:
    return read_accounts(parse_document(BEFORE + section, "x"), {}).accounts[0]


def test_without_a_section_the_terms_are_those_of_the_rules():
    assert account("{}").paper == paper_terms_of(PaperConfig()) == PaperTerms()


def test_fees_slippage_and_fills_are_chosen_per_account():
    assert account(
        "{maker_fee: 0, taker_fee: 0.0004, slippage: depth, slippage_ratio: '0.001', volume_share: 0.1}"
    ).paper == PaperTerms(
        fees=PaperFees(maker=Decimal(0), taker=Decimal("0.0004"), slippage=Decimal("0.001")),
        execution=PaperExecution(slippage=SlippagePolicy.DEPTH, volume_share=Decimal("0.1")),
    )


@pytest.mark.parametrize(
    ("section", "refusal"),
    [
        ("{taker_fee: 6}", "paper.taker_fee is 6; allowed is a ratio from 0 to 0.05"),
        ("{maker_fee: -0.0001}", "paper.maker_fee is -0.0001; allowed is a ratio from 0 to 0.05"),
        ("{slippage: none}", "paper.slippage is none; allowed is one of fixed, spread, depth"),
        ("{volume_share: 0}", "paper.volume_share is 0; allowed is a ratio above 0 and up to 1"),
        ("{fee: 0}", "paper.fee"),
    ],
)
def test_what_cannot_be_is_refused_with_its_key(section: str, refusal: str):
    with pytest.raises(ConfigurationError) as error:
        account(section)
    assert refusal in str(error.value)
    document = {
        "accounts": [
            {
                "id": "a",
                "strategy": "momentum",
                "assets": ["BTC"],
                "paper": parse_document(BEFORE + section, "x").data["accounts"][0]["paper"],
            }
        ]
    }
    assert not Draft202012Validator(accounts_schema()).is_valid(document)


def test_the_stored_document_is_read_back():
    chosen = account("{taker_fee: 0.00035, slippage: spread, volume_share: 0.25}")
    assert account_from_json(account_to_json(chosen)) == chosen


def test_a_document_without_the_section_has_the_terms_of_the_rules_and_its_old_fingerprint():
    usual = account("{}")
    assert "paper" not in account_to_json(usual)
    other = replace(usual, paper=PaperTerms(fees=PaperFees(taker=Decimal("0.0005"))))
    assert config_hash(other) != config_hash(usual)


@pytest.mark.parametrize("ratio", ["-0.0001", "0.051", "NaN", "Infinity"])
def test_a_fee_that_is_no_ratio_cannot_be_built(ratio: str):
    with pytest.raises(InvalidRecord, match="taker is"):
        PaperFees(taker=Decimal(ratio))
