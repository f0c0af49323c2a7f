"""Calls of models for tests: a record as the client leaves it, read by the real reader, and stored."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from adapters.llm.capabilities import OutputMode
from adapters.llm.documents import call_document
from adapters.llm.messages import Message, Role, ToolCall, system, user
from adapters.llm.records import (
    Attempt,
    Billing,
    CostSource,
    ModelCall,
    Reply,
    Round,
    Stop,
    ToolRun,
    Usage,
)
from adapters.store.model_calls import NewModelCall, save_model_call
from trading.decision.reply import mandate as mandates
from trading.decision.reply.mandate import Mandate, Tradable
from trading.decision.reply.read import Reading, read_reply

MODEL = "x-ai/grok-4"
REAL = datetime(2026, 11, 28, 10, tzinfo=UTC)
MANDATE = Mandate(
    tradables=(
        Tradable(asset="BTC", symbol="BTCUSDT", price=Decimal(64_000)),
        Tradable(asset="ETH", symbol="ETHUSDT", price=Decimal(3_000)),
    ),
    decided_by=MODEL,
    capital=Decimal(10_000),
)


def entry(asset: str = "BTC", action: str = "buy", **changes: Any) -> dict[str, Any]:
    """One entry of an answer."""
    stop, target = (None, None) if asset != "BTC" or action != "buy" else (62_000, 68_000)
    return {
        "asset": asset,
        "action": action,
        "allocation_usd": 0 if action == "hold" else 1_000,
        "tp_price": target,
        "sl_price": stop,
        "exit_plan": "close if 4h close under EMA50",
        "rationale": "Bullish momentum with RSI oversold",
        **changes,
    }


def reply_of(*entries: Mapping[str, Any], prose: str = "") -> str:
    """An answer in the form of a list."""
    return prose + json.dumps({"trade_decisions": [dict(each) for each in entries]})


def call_of(
    text: str | None,
    *,
    model: str = MODEL,
    used: str | None = None,
    real_at: datetime = REAL,
    cost: Decimal | None = Decimal("0.0123"),
    usage: Usage | None = None,
    error: str | None = None,
    tools: Sequence[ToolRun] = (),
) -> ModelCall:
    """What one question leaves; `cost` None: billed at a price that nobody told."""
    asked = [assistant_asks(tuple(each.call for each in tools))] if tools else []
    reply = Reply(stop=Stop.COMPLETE, finish_reason="stop", text=text, model_used=used or model)
    attempt = Attempt(
        began_after=0.0,
        seconds=1.25,
        outcome=error or "answered",
        billing=Billing.YES,
        cost=cost,
        cost_source=CostSource.UNKNOWN if cost is None else CostSource.PROVIDER,
        status=503 if error else 200,
        usage=usage or Usage(prompt=900, answer=100),
        raw=json.dumps({"choices": [{"message": {"content": text}}]}),
    )
    return ModelCall(
        host="openrouter.ai",
        model_asked=model,
        started_at=real_at,
        seconds=1.5,
        messages=(
            system("You manage one trading account."),
            user("BTC is at 64000. What now?"),
            *asked,
        ),
        rounds=(
            Round(
                messages_sent=2,
                output=OutputMode.JSON_SCHEMA,
                parameters={"temperature": 0.2},
                attempts=(attempt,),
                reply=None if error else reply,
                tools_run=tuple(tools),
            ),
        ),
    )


def assistant_asks(calls: tuple[ToolCall, ...]) -> Message:
    """The model's message in which it asks for tools."""
    return Message(role=Role.ASSISTANT, text=None, tool_calls=calls)


def read(text: str) -> Reading:
    """What becomes of an answer."""
    return read_reply(mandates.Reply(content=text, finish_reason="stop"), MANDATE)


def reading_document(reading: Reading) -> dict[str, Any]:
    """As a cycle stores it."""
    return {
        "outcome": reading.outcome.value,
        "path": [step.value for step in reading.path],
        "rules": [asdict(rule) for rule in reading.rules],
        "verdicts": [
            {
                "asset": each.asset,
                "outcome": each.outcome.value,
                "sentence": each.sentence,
                "action": each.decision.action.value,
            }
            for each in reading.verdicts
        ],
        "dropped": list(reading.dropped),
        "reasoning": reading.reasoning,
    }


def store_call(
    conn: Connection,
    account_id: str,
    text: str | None,
    *,
    at: datetime,
    cycle_id: UUID | None = None,
    purpose: str = "decide",
    outcome: str | None = None,
    replay_of: UUID | None = None,
    **call: Any,
) -> UUID:
    """Store an answer, or an error where `outcome` names one and there is no text."""
    reading = None if text is None else read(text)
    found = "accepted" if reading is None else reading.outcome.value
    return save_model_call(
        conn,
        NewModelCall(
            account_id=account_id,
            cycle_id=cycle_id,
            purpose=purpose,
            at=at,
            prompt_name="neutral",
            prompt_version="1-0badc0de",
            form="portfolio",
            outcome=outcome or found,
            reason="the provider is overloaded" if reading is None else reading.sentence,
            reply_text=text,
            reading=None if reading is None else reading_document(reading),
            call=call_document(call_of(text, error=outcome if text is None else None, **call)),
            replay_of=replay_of,
        ),
    )


def decided_assets(text: str) -> Sequence[tuple[str, str]]:
    """Asset and action of each decision that an answer stands for."""
    return [(each.asset, each.decision.action.value) for each in read(text).verdicts]
