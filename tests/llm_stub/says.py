"""What the stub says to one request: an answer of a model, or whatever goes wrong instead."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

HOLD = '{"trade_decisions": []}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """One answer. Times are seconds."""

    text: str | list[Any] | None = HOLD
    calls: tuple[tuple[str, Any], ...] = ()
    """Names and arguments of tools that the model asks for; text arguments go out as they are."""
    finish: str | None = ""
    """Empty: `tool_calls` with calls, else `stop`."""
    reasoning: str | None = None
    refusal: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """More fields of the message."""
    model: str | None = ""
    """The name that the answer gives; empty: the one asked for."""
    provider: str | None = "Stub"
    usage: Mapping[str, Any] | None = field(default_factory=dict)
    """Over what is counted; None: the answer has none."""
    cost: Decimal | None = None
    """USD in `usage`, where the request asks for it."""

    status: int = 200
    error: Mapping[str, Any] | None = None
    """Instead of an answer, with whatever status."""
    choice_error: Mapping[str, Any] | None = None
    """Inside the only choice, beside what was said until then."""
    body: str | bytes | None = None
    """Instead of all that."""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    delay: float = 0.0
    """Before the first byte."""
    trickle: float = 0.0
    """Between one byte and the next."""
    cut: int | None = None
    """The connection ends after that many bytes of the body."""
    drop: bool = False
    """The connection ends without an answer, after the request was read."""
    size: int = 0
    """The body is filled up to that many bytes inside the text."""
    endless: Literal["spaces", "events"] | None = None
    """The body never ends: blanks to keep a connection alive, or events of a stream."""


def error(code: int | str, message: str, **more: Any) -> dict[str, Any]:
    """An error object; OpenRouter's has the status as its code."""
    return {"code": code, "message": message, **more}


def refuses(
    status: int, message: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> Say:
    """A refusal with a status, as OpenRouter words it."""
    return Say(status=status, error=error(status, message, **more), headers=headers or {})


def unsupported(parameter: str, message: str | None = None) -> Say:
    """A refusal of a parameter, as OpenAI words it."""
    text = message or f"Unsupported parameter: '{parameter}' is not supported with this model."
    return Say(
        status=400,
        error={
            "message": text,
            "type": "invalid_request_error",
            "param": parameter,
            "code": "unsupported_parameter",
        },
    )


def completion(say: Say, asked: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The document of an answer."""
    choice: dict[str, Any] = {
        "index": 0,
        "finish_reason": say.finish if say.finish != "" else _finish(say),
        "native_finish_reason": "STOP",
        "message": _message(say),
    }
    if say.choice_error is not None:
        choice |= {"error": dict(say.choice_error), "finish_reason": "error"}
    document: dict[str, Any] = {
        "id": f"gen-{number}",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": asked.get("model") if say.model == "" else say.model,
        "choices": [choice],
    }
    if say.provider is not None:
        document["provider"] = say.provider
    if say.usage is not None:
        document["usage"] = usage(say, asked)
    return {name: value for name, value in document.items() if value is not None}


def usage(say: Say, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A token for every four characters; OpenRouter's cost where it is wanted."""
    prompt = len(json.dumps(asked.get("messages", []))) // 4
    spoken = len(say.text or "") // 4 + len(say.reasoning or "") // 4
    counted: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": spoken,
        "total_tokens": prompt + spoken,
        "completion_tokens_details": {"reasoning_tokens": len(say.reasoning or "") // 4},
    }
    if say.cost is not None and (asked.get("usage") or {}).get("include"):
        counted["cost"] = float(say.cost)
    return {**counted, **(say.usage or {})}


def _message(say: Say) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": say.text, "refusal": say.refusal}
    if say.reasoning is not None:
        message["reasoning"] = say.reasoning
    if say.calls:
        message["tool_calls"] = [
            {
                "id": f"call_{name}_{number}",
                "type": "function",
                "function": {
                    "name": name,
                    "arguments": given if isinstance(given, str) else json.dumps(given),
                },
            }
            for number, (name, given) in enumerate(say.calls)
        ]
    return {**message, **say.extra}


def _finish(say: Say) -> str:
    return "tool_calls" if say.calls else "stop"
