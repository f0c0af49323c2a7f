"""How a model decides for an account, as a JSON document and back; numbers as exact text.

Only what differs from the defaults is written, so that a new setting changes no fingerprint.
"""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import Any

from trading.model_agent import ModelAgent
from trading.model_budget import ModelBudget, UnknownCost

_DECIMALS = ("temperature", "top_p", "own_price_in", "own_price_out")


def model_agent_to_json(agent: ModelAgent) -> dict[str, Any]:
    """What is not as usual."""
    usual = ModelAgent()
    document = {
        field.name: getattr(agent, field.name)
        for field in fields(agent)
        if field.name != "budget" and getattr(agent, field.name) != getattr(usual, field.name)
    }
    if agent.budget != usual.budget:
        document["budget"] = {
            field.name: getattr(agent.budget, field.name) for field in fields(agent.budget)
        }
    return document


def model_agent_from_json(document: dict[str, Any]) -> ModelAgent:
    """Raises `KeyError`, `TypeError`, `ValueError` or `ArithmeticError` for what does not fit."""
    values = dict(document)
    for name in _DECIMALS:
        if name in values:
            values[name] = Decimal(values[name])
    if "providers" in values:
        values["providers"] = tuple(values["providers"])
    if "budget" in values:
        values["budget"] = _budget(values["budget"])
    return ModelAgent(**values)


def _budget(document: dict[str, Any]) -> ModelBudget:
    money = document["money"]
    return ModelBudget(
        **{
            **document,
            "money": None if money is None else Decimal(money),
            "unknown_cost": UnknownCost(document["unknown_cost"]),
            "assumed_money": Decimal(document["assumed_money"]),
        }
    )
