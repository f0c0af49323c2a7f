"""What a provider and a model are told: the schema, and the errors of a reply in plain words."""

from __future__ import annotations

import json

import pytest

from tests.trading.decision.corpus import document, load_cases, mandate
from trading.decision.contract import Contract
from trading.decision.correction import correction_message
from trading.decision.reply.mandate import Reply
from trading.decision.reply.read import read_reply
from trading.decision.schema import decision_schema, response_format

SEED = """
{
  "type": "object",
  "properties": {
    "trade_decisions": {
      "type": "array",
      "items": {
        "type": "object",
        "properties": {
          "asset": {"type": "string", "enum": ["BTC", "ETH"]},
          "action": {"type": "string", "enum": ["buy", "sell", "hold"]},
          "allocation_usd": {"type": "number", "minimum": 0},
          "tp_price": {"type": ["number", "null"]},
          "sl_price": {"type": ["number", "null"]},
          "exit_plan": {"type": "string"},
          "rationale": {"type": "string"}
        },
        "required": ["asset", "action", "allocation_usd", "tp_price", "sl_price", "exit_plan", "rationale"],
        "additionalProperties": false
      },
      "minItems": 1
    }
  },
  "required": ["trade_decisions"],
  "additionalProperties": false
}
"""


def test_the_schema_of_the_list_is_that_of_seed_002_with_the_assets_of_the_account() -> None:
    assert decision_schema(Contract.PORTFOLIO, mandate()) == json.loads(SEED)


def test_the_schema_of_the_single_form_has_the_ranges_of_seed_004() -> None:
    schema = decision_schema(Contract.SINGLE, mandate())
    fields = schema["properties"]
    assert fields["action"]["enum"] == ["OPEN_LONG", "OPEN_SHORT", "CLOSE", "HOLD"]
    assert fields["symbol"]["enum"] == ["BTC/USDT", "ETH/USDT"]
    assert fields["position_size_percent"] == {"type": "number", "minimum": 1, "maximum": 25}
    assert fields["stop_loss_percent"]["anyOf"][0] == {
        "type": "number", "minimum": -5, "maximum": -1,
    }  # fmt: skip
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == set(fields)  # strict mode of providers


@pytest.mark.parametrize("contract", Contract)
def test_the_response_format_is_strict_and_ready_to_be_sent(contract: Contract) -> None:
    sent = json.loads(json.dumps(response_format(contract, mandate())))
    assert sent["type"] == "json_schema"
    assert sent["json_schema"]["strict"] is True
    assert sent["json_schema"]["name"] == f"{contract}_decision"


def test_a_correction_lists_the_errors_and_asks_for_the_whole_answer_again() -> None:
    reading = read_reply(Reply(content=document(sl_price="45500")), mandate())
    assert correction_message(reading, Contract.PORTFOLIO) == (
        "Your reply could not be used as it is:\n"
        "- BTC: sl_price of a buy must be below the price 45000, it is 45500.\n"
        'Reply again with one JSON object {"trade_decisions": [...]}, one entry per asset, each with'
        " asset, action, allocation_usd, tp_price, sl_price, exit_plan, rationale and nothing else."
        " Decide all assets anew; what is not valid then is held."
    )


def test_a_cut_reply_is_asked_to_be_shorter() -> None:
    reading = read_reply(Reply(content='{"trade_decisions": ['), mandate())
    assert "Answer more briefly." in correction_message(reading, Contract.PORTFOLIO)


def test_nothing_is_corrected_in_a_good_reply() -> None:
    reading = read_reply(Reply(content=document()), mandate())
    assert correction_message(reading, Contract.PORTFOLIO) == ""


def test_the_errors_are_bounded_in_number_and_length() -> None:
    entries = ", ".join('{"asset": "' + "X" * 900 + '"}' for _ in range(60))
    reading = read_reply(Reply(content='{"trade_decisions": [' + entries + "]}"), mandate())
    message = correction_message(reading, Contract.PORTFOLIO)
    assert "- and 40 more." in message
    assert len(message) < 3_500


@pytest.mark.parametrize("case", load_cases(), ids=lambda case: case.name)
def test_a_correction_is_printable_and_short_whatever_was_replied(case) -> None:
    message = correction_message(case.read(), case.contract)
    assert len(message) < 3_500
    assert message.replace("\n", "").isprintable()
