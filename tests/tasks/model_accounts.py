"""Accounts that a language model decides for, and answers of the model server to their questions."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.arena import build_account
from tests.llm_stub.says import Say
from tests.llm_stub.server import ModelStub
from trading.account import Account, AgentKind, ModelProvider

MODEL = "lab/trader-1"
KEY = "sk-test-canary-0123456789abcdef"


def build_model_account(stub: ModelStub, **changes: Any) -> Account:
    account = build_account("momentum", id="llm", assets=("BTC",))
    return replace(
        account,
        kind=AgentKind.LLM,
        strategy="llm",
        model=MODEL,
        provider=ModelProvider(api_key="env:TEST_MODEL_KEY", base_url=stub.url),
        **changes,
    )


def reply(*entries: dict[str, Any]) -> str:
    return json.dumps({"trade_decisions": list(entries)})


def entry(action: str, price: float, **changes: Any) -> dict[str, Any]:
    sign = {"buy": 1, "sell": -1}.get(action, 0)
    levels = (
        {
            "tp_price": round(price * (1 + 0.06 * sign), 1),
            "sl_price": round(price * (1 - 0.03 * sign), 1),
        }
        if sign
        else {"tp_price": None, "sl_price": None}
    )
    return {
        "asset": "BTC",
        "action": action,
        "allocation_usd": 1000 if sign else 0,
        **levels,
        "exit_plan": "leave below the stop",
        "rationale": "the trend is up",
        **changes,
    }


def answer_by_price(action: str, **changes: Any) -> Any:
    """An answer that fits the price that the question tells."""

    def say(asked: Any) -> Say:
        text = asked.body["messages"][1]["content"]
        price = float(text.split('"last":')[1].split(",")[0].strip().strip('"'))
        return Say(text=reply(entry(action, price, **changes)), cost=Decimal("0.002"))

    return say
