"""The JSON Schemas that a provider is asked to hold a model to, strict and closed.

`portfolio_schema` is that of seed 002 section 5.1, with the assets of the account; `single_schema`
is the format of seed 004. What a provider promises is checked again when the reply is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trading.decision.contract import (
    CONDITIONS,
    CONFIDENCE_RANGE,
    LEVERAGE_RANGE,
    PORTFOLIO_ACTIONS,
    PORTFOLIO_FIELDS,
    SINGLE_ACTIONS,
    SINGLE_FIELDS,
    SIZE_PERCENT_RANGE,
    STOP_PERCENT_RANGE,
    TARGET_PERCENT_RANGE,
    Contract,
)
from trading.decision.reply.mandate import Mandate

Schema = dict[str, Any]
_STRING: Schema = {"type": "string"}


def decision_schema(contract: Contract, mandate: Mandate) -> Schema:
    """The schema of an account's reply, with what it may trade in it."""
    if contract is Contract.PORTFOLIO:
        return portfolio_schema(mandate.assets)
    return single_schema([each.names[0] for each in mandate.tradables])


def portfolio_schema(assets: Sequence[str]) -> Schema:
    """Seed 002 section 5.1."""
    fields: Schema = {
        "asset": {"type": "string", "enum": list(assets)},
        "action": {"type": "string", "enum": list(PORTFOLIO_ACTIONS)},
        "allocation_usd": {"type": "number", "minimum": 0},
        "tp_price": {"type": ["number", "null"]},
        "sl_price": {"type": ["number", "null"]},
        "exit_plan": _STRING,
        "rationale": _STRING,
    }
    entries = {"type": "array", "items": _closed(fields, PORTFOLIO_FIELDS), "minItems": 1}
    return _closed({"trade_decisions": entries}, ("trade_decisions",))


def single_schema(symbols: Sequence[str]) -> Schema:
    """Seed 004: percentages of capital and price. Stop and target may be null."""
    fields: Schema = {
        "action": {"type": "string", "enum": [each.upper() for each in SINGLE_ACTIONS]},
        "symbol": {"type": "string", "enum": list(symbols)},
        "leverage": _number(LEVERAGE_RANGE),
        "position_size_percent": _number(SIZE_PERCENT_RANGE),
        "stop_loss_percent": _number_or_null(STOP_PERCENT_RANGE),
        "take_profit_percent": _number_or_null(TARGET_PERCENT_RANGE),
        "reasoning": _STRING,
        "confidence": _number(CONFIDENCE_RANGE),
        CONDITIONS: {"type": "array", "items": _STRING},
    }
    # Strict mode of providers wants every property required; the reader does without conditions.
    return _closed(fields, (*SINGLE_FIELDS, CONDITIONS))


def response_format(contract: Contract, mandate: Mandate) -> Schema:
    """The `response_format` of an OpenAI-compatible request."""
    return {
        "type": "json_schema",
        "json_schema": {
            "name": f"{contract}_decision",
            "strict": True,
            "schema": decision_schema(contract, mandate),
        },
    }


def _closed(properties: Schema, required: Sequence[str]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _number(span: tuple[int, int]) -> Schema:
    return {"type": "number", "minimum": span[0], "maximum": span[1]}


def _number_or_null(span: tuple[int, int]) -> Schema:
    return {"anyOf": [_number(span), {"type": "null"}]}
