"""From an answer's bytes to a reply: the protocol's JSON, read with suspicion.

Nothing is repaired here: bytes that are no JSON document are no answer. Whether the text inside is a
decision is for the rules of trading to say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

from adapters.llm.messages import ToolCall
from adapters.llm.records import Reply, Stop
from adapters.llm.redaction import Redactor

_MOST_TOOL_CALLS = 32
_PASSED_ON = ("reasoning_details", "reasoning_content")
"""Fields that Gemini and DeepSeek want back, unchanged, with the results of their tools."""
_BY_FINISH = {
    "stop": Stop.COMPLETE,
    "end_turn": Stop.COMPLETE,
    "eos": Stop.COMPLETE,
    "tool_calls": Stop.TOOLS,
    "function_call": Stop.TOOLS,
    "length": Stop.CUT,
    "max_tokens": Stop.CUT,
    "content_filter": Stop.FILTERED,
}


class NotJson(ValueError):
    """The bytes are no JSON document; `was_cut` if they are the beginning of one."""

    def __init__(self, reason: str, *, was_cut: bool) -> None:
        super().__init__(reason)
        self.was_cut = was_cut


def parse_json(body: bytes) -> object:
    """The document of an answer; numbers with a point are decimals.

    Raises
    ------
    NotJson
        For whatever is wrong with it: this never raises anything else.
    """
    text = body.decode("utf-8", "replace").strip().removeprefix("\ufeff")
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        was_cut = text.startswith("{") and error.pos >= len(text) - 1
        reason, was_cut = error.msg, was_cut or error.msg.startswith("Unterminated")
    except RecursionError:
        reason, was_cut = "too many brackets", False
    except (ValueError, ArithmeticError) as error:
        reason, was_cut = str(error) or type(error).__name__, False
    raise NotJson(f"the answer is not JSON ({reason})", was_cut=was_cut)


def read_reply(document: Mapping[str, object], redactor: Redactor) -> Reply | None:
    """The first choice of a completion; None if the document has none."""
    choice = first_choice(document)
    message = None if choice is None else choice.get("message")
    if choice is None or not isinstance(message, Mapping):
        return None
    text = _text(message.get("content"))
    refusal = _text(message.get("refusal"))
    calls = _tool_calls(message)
    finish = _text(choice.get("finish_reason"))
    reasoning = _text(message.get("reasoning")) or _text(message.get("reasoning_content"))

    def clean(value: str | None) -> str | None:
        return None if value is None else redactor.clean(value)

    return Reply(
        stop=_stop(finish, text, refusal, calls),
        finish_reason=clean(finish),
        native_finish_reason=clean(_text(choice.get("native_finish_reason"))),
        text=clean(text),
        refusal=clean(refusal),
        reasoning=clean(reasoning),
        tool_calls=tuple(
            ToolCall(
                id=redactor.clean(each.id),
                name=redactor.clean(each.name),
                arguments=redactor.clean(each.arguments),
            )
            for each in calls
        ),
        passed_on={
            name: redactor.without_key(_plain(message[name]))
            for name in _PASSED_ON
            if message.get(name)
        },
        id=clean(_text(document.get("id"))),
        model_used=clean(_text(document.get("model"))),
        provider=clean(_text(document.get("provider"))),
    )


def first_choice(document: Mapping[str, object]) -> Mapping[str, object] | None:
    """The choice that counts; None if there is none."""
    choices = document.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        return None
    return choices[0]


def _stop(
    finish: str | None, text: str | None, refusal: str | None, calls: tuple[ToolCall, ...]
) -> Stop:
    told = _BY_FINISH.get((finish or "").lower(), Stop.UNTOLD)
    if told in (Stop.CUT, Stop.FILTERED):
        return told
    if refusal:
        return Stop.REFUSED
    if calls:
        # Some servers say `stop` here as well.
        return Stop.TOOLS
    if not (text or "").strip():
        return Stop.EMPTY
    return Stop.UNTOLD if told is Stop.TOOLS else told


def _text(value: object) -> str | None:
    """A text, or the texts of a list of parts."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        parts = [each.get("text") for each in value if isinstance(each, Mapping)]
        return "".join(each for each in parts if isinstance(each, str)) or None
    return None


def _tool_calls(message: Mapping[str, object]) -> tuple[ToolCall, ...]:
    found = message.get("tool_calls")
    if not isinstance(found, list):
        return ()
    calls: list[ToolCall] = []
    for number, each in enumerate(found[:_MOST_TOOL_CALLS]):
        function = each.get("function") if isinstance(each, Mapping) else None
        if not isinstance(function, Mapping):
            continue
        arguments = function.get("arguments")
        calls.append(
            ToolCall(
                id=_text(each.get("id")) or f"call_{number}",
                name=_text(function.get("name")) or "",
                # Ollama once sent the object itself.
                arguments=arguments
                if isinstance(arguments, str)
                else json.dumps(_plain(arguments or {})),
            )
        )
    return tuple(calls)


def _plain(value: object) -> object:
    """Decimals back to JSON's numbers."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is no number of JSON")
