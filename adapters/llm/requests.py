"""The body of a request: what is asked, in the fields that this model and this server take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from adapters.llm.capabilities import Abilities, OutputMode
from adapters.llm.endpoint import ModelEndpoint
from adapters.llm.messages import AnswerSchema, Message, Tool
from adapters.llm.settings import ModelSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question to the model."""

    messages: tuple[Message, ...]
    schema: AnswerSchema | None = None
    """None: plain text is wanted, in no particular shape."""
    tools: tuple[Tool, ...] = ()
    may_use_tools: bool = True
    """False: tools are shown, because the messages tell of them, but may not be asked for any more."""


def output_mode(question: Question, abilities: Abilities) -> OutputMode:
    """How the shape of the answer is asked for."""
    return OutputMode.TEXT if question.schema is None else abilities.output


def parameters(
    question: Question, settings: ModelSettings, endpoint: ModelEndpoint, abilities: Abilities
) -> dict[str, object]:
    """The body without its messages; only fields that the model takes, in JSON's types."""
    wanted: dict[str, object] = {
        "model": settings.model,
        "temperature": _number(settings.temperature),
        "top_p": _number(settings.top_p),
        "seed": settings.seed,
        "max_tokens": settings.max_tokens,
        "response_format": _shape(question, abilities),
        **_tools(question, abilities),
        **_reasoning(question, settings, endpoint, abilities),
        **_of_openrouter(endpoint),
    }
    found = {k: v for k, v in wanted.items() if v is not None and k not in abilities.refused}
    if "max_tokens" in abilities.refused and settings.max_tokens is not None:
        found["max_completion_tokens"] = settings.max_tokens
    return found


def payloads(messages: Sequence[Message]) -> list[dict[str, object]]:
    """The body's `messages`."""
    return [each.payload() for each in messages]


def _shape(question: Question, abilities: Abilities) -> dict[str, object] | None:
    schema, mode = question.schema, output_mode(question, abilities)
    if schema is None or mode is OutputMode.TEXT:
        return None
    if mode is OutputMode.JSON_OBJECT:
        return {"type": "json_object"}
    held = {"name": schema.name, "strict": schema.is_strict, "schema": dict(schema.schema)}
    return {"type": "json_schema", "json_schema": held}


def _tools(question: Question, abilities: Abilities) -> dict[str, object]:
    if not question.tools or not abilities.tools:
        return {}
    return {
        "tools": [each.payload() for each in question.tools],
        "tool_choice": "auto" if question.may_use_tools else "none",
    }


def _reasoning(
    question: Question, settings: ModelSettings, endpoint: ModelEndpoint, abilities: Abilities
) -> dict[str, object]:
    if not abilities.reasoning:
        return {}
    effort = None if settings.effort is None else settings.effort.value
    if not endpoint.is_openrouter:
        return {"reasoning_effort": effort}
    # Between tool rounds a model wants its own reasoning back, so it must not be held back then.
    is_hidden = not settings.wants_reasoning and not question.tools
    wanted = {"effort": effort, "exclude": True if is_hidden else None}
    return {"reasoning": {k: v for k, v in wanted.items() if v is not None} or None}


def _of_openrouter(endpoint: ModelEndpoint) -> dict[str, object]:
    if not endpoint.is_openrouter:
        return {}
    return {"provider": endpoint.routing.payload() or None, "usage": {"include": True}}


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
