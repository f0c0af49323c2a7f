"""What a reading tells beside its decisions: rules, corrections, what was dropped, remarks."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.decision.corpus import document, entry, mandate
from trading.conditions import render
from trading.decision.contract import Contract
from trading.decision.reply.mandate import Mandate, Reply
from trading.decision.reply.numerals import is_json_number, json_number, spelled_number
from trading.decision.reply.outcomes import ABOUT, Outcome, Rule
from trading.decision.reply.read import Reading, read_reply
from trading.decision.reply.tokens import read_document
from trading.decision.reply.values import BadNumber, parse_values
from trading.decisions import Action
from trading.errors import InvalidRecord
from trading.positions import Direction


def read(
    text: str, ground: Mandate | None = None, contract: Contract = Contract.PORTFOLIO
) -> Reading:
    return read_reply(Reply(content=text, finish_reason="stop"), ground or mandate(), contract)


def test_every_rule_has_a_verdict_and_those_behind_the_broken_one_have_none() -> None:
    rules = read('{"trade_decisions": [1 2]}').rules
    assert [(each.rule, each.passed) for each in rules] == [
        (Rule.LENGTH, True),
        (Rule.FINISH, True),
        (Rule.REASONING, True),
        (Rule.DOCUMENT, True),
        (Rule.SYNTAX, False),
        (Rule.SCHEMA, None),
        (Rule.ASSETS, None),
        (Rule.NUMBERS, None),
        (Rule.LEVELS, None),
    ]
    assert rules[4].sentence == "'2' stands where a comma or ] should be."


def test_a_broken_entry_breaks_its_rule_and_the_others_are_still_asked() -> None:
    reading = read(document(sl_price="45500"))
    assert [each.rule for each in reading.rules if each.passed is False] == [Rule.LEVELS]
    assert all(each.passed is not None for each in reading.rules)
    assert reading.outcome is Outcome.ACCEPTED  # ETH stands
    assert not reading.is_clean


def test_every_outcome_but_accepted_belongs_to_a_rule_and_has_a_meaning() -> None:
    assert set(ABOUT) == set(Outcome) - {Outcome.ACCEPTED}
    assert all(words for _, words in ABOUT.values())


def test_sentences_name_the_asset_the_field_what_was_found_and_what_is_allowed() -> None:
    said = {
        "sl_price": read(document(sl_price="45500")).corrections,
        "action": read(document(action='"long"')).corrections,
        "allocation_usd": read(document(allocation_usd='"1k"')).corrections,
        "tp_price": read(document(tp_price="460000")).corrections,
    }
    assert said == {
        "sl_price": ("BTC: sl_price of a buy must be below the price 45000, it is 45500.",),
        "action": ("BTC: action is 'long', allowed is buy, sell, hold.",),
        "allocation_usd": ("BTC: allocation_usd is '1k', it must be a plain number.",),
        "tp_price": (
            "BTC: tp_price is 460000, it must lie within half of the price, from 22500 to 67500.",
        ),
    }


def test_dropped_assets_and_fields_are_named_and_look_alikes_show_what_they_are() -> None:
    cyrillic = '{"trade_decisions": [' + entry(asset='"ВТС"') + '], "note": 1}'  # noqa: RUF001
    assert read(cyrillic).dropped == ("field 'note'", "asset '\\u0412\\u0422\\u0421'")
    more = read(document(rationale='"x", "leverage": 125, "withdraw": "0xabc"'))
    assert more.dropped == ("field 'leverage' of BTC", "field 'withdraw' of BTC")
    assert more.is_clean


def test_an_asset_that_is_not_mentioned_is_held_without_a_correction() -> None:
    reading = read('{"trade_decisions": [' + entry() + "]}")
    assert reading.verdicts[1].outcome is Outcome.NOT_MENTIONED
    assert reading.verdicts[1].sentence == "ETH is not mentioned."
    assert reading.is_clean


def test_a_side_against_the_position_says_that_it_only_closes() -> None:
    verdict = read(document(), mandate({"BTC": Direction.SHORT})).verdicts[0]
    assert verdict.decision.action is Action.CLOSE
    assert verdict.sentence == (
        "BTC: a buy against the short position closes it; the other side may be opened in a later"
        " cycle."
    )
    assert (verdict.decision.stop_price, verdict.decision.allocation_usd) == (None, Decimal(0))


@pytest.mark.parametrize("price", [None, Decimal("NaN"), Decimal(0)])
def test_without_a_price_nothing_is_opened(price: Decimal | None) -> None:
    ground = mandate()
    ground = replace(
        ground, tradables=tuple(replace(each, price=price) for each in ground.tradables)
    )
    assert read(document(), ground).verdicts[0].outcome is Outcome.NO_PRICE


def test_without_a_price_a_position_can_still_be_left() -> None:
    ground = mandate({"BTC": Direction.SHORT})
    ground = replace(
        ground, tradables=tuple(replace(each, price=None) for each in ground.tradables)
    )
    assert read(document(), ground).decisions[0].action is Action.CLOSE


def test_without_capital_a_percentage_of_it_opens_nothing() -> None:
    single = (
        '{"action": "OPEN_LONG", "symbol": "BTC", "leverage": 2, "position_size_percent": 10,'
        ' "stop_loss_percent": -3, "take_profit_percent": 8, "reasoning": "x", "confidence": 1}'
    )
    verdict = read(single, replace(mandate(), capital=None), Contract.SINGLE).verdicts[0]
    assert verdict.outcome is Outcome.NO_PRICE


def test_conditions_of_the_language_may_end_the_position_and_the_rest_stays_words() -> None:
    single = json.dumps(
        {
            "action": "OPEN_LONG",
            "symbol": "BTC",
            "leverage": 2,
            "position_size_percent": 10,
            "stop_loss_percent": -3,
            "take_profit_percent": 8,
            "reasoning": "x",
            "confidence": 0.8,
            "invalidation_conditions": [
                "ADX < 25",
                "close < ema_50 on 4h",
                "close < ema_9 on 1m",
                "fear",
            ],
        }
    )
    decision = read(single, contract=Contract.SINGLE).decisions[0]
    assert [render(each) for each in decision.exit_conditions] == [
        "adx_14 < 25 on 5m",
        "close < ema_50 on 4h",
    ]
    assert decision.exit_plan == (
        "Leaves when adx_14 < 25 on 5m. Leaves when close < ema_50 on 4h."
        " In words only: close < ema_9 on 1m. In words only: fear."
    )
    assert decision.confidence == 0.8


def test_a_mandate_needs_something_to_trade_and_names_it_once() -> None:
    with pytest.raises(InvalidRecord):
        Mandate(tradables=(), decided_by="m")
    with pytest.raises(InvalidRecord):
        Mandate(tradables=mandate().tradables * 2, decided_by="m")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1234", "1234"),
        ("1234.5", "1234.5"),
        ("$1234.5", "1234.5"),
        ("1,234.50", "1234.50"),
        ("$1,234", "1234"),
        ("1,234,567", "1234567"),
        ("0.123", "0.123"),
        ("1234.500", "1234.500"),
        ("0", "0"),
    ],
)
def test_strings_that_are_numbers(text: str, value: str) -> None:
    assert spelled_number(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    ["", "$", "1.000", "104.250", "1,23.4", "1234,567", ",123", "1,,234", "1.", ".5", "-5", "+5",
     "5%", "1e3", "$ 5", "5 $", "€5", "USD 5", "1_000", "01", "00", "0,123", "½", "\u0665", "\uff15",
     "1" * 41],
)  # fmt: skip
def test_strings_that_are_no_numbers(text: str) -> None:
    assert spelled_number(text) is None


@given(
    number=st.decimals(
        allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9
    )
)
def test_a_number_of_json_has_the_value_of_its_digits(number: Decimal) -> None:
    text = format(number, "f")
    assert is_json_number(text)
    assert json_number(text) == number


values = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers(-(10**12), 10**12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(
    value=st.dictionaries(st.text(), values, max_size=5),
    is_ascii=st.booleans(),
    indent=st.sampled_from([None, 2]),
)
def test_whatever_is_json_is_read_as_the_standard_library_reads_it(
    value: dict[str, object], *, is_ascii: bool, indent: int | None
) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii, indent=indent)
    found = read_document(f"prose {text} prose", 6)
    parsed, repairs = parse_values(found)
    assert parsed == json.loads(text, parse_int=Decimal)
    assert not repairs
    assert found.end == 6 + len(text)


def test_a_nan_is_kept_as_what_it_is_until_somebody_needs_a_number() -> None:
    text = '{"a": NaN, "b": -Infinity, "c": 1e400}'
    parsed, _ = parse_values(read_document(text, 0))
    assert parsed == {"a": BadNumber("NaN"), "b": BadNumber("-Infinity"), "c": BadNumber("1e400")}
