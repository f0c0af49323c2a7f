"""Running what a model asks for: known names only, arguments that are an object, answers of a size.

Whatever is wrong becomes a message to the model; nothing unknown is ever run. Tools only read: a model
has no power but the words of its answer.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic

from adapters.llm.messages import Message, Role, Tool, ToolCall
from adapters.llm.records import ToolRun
from adapters.llm.redaction import storable
from trading.errors import TradingError

RunTool = Callable[[str, Mapping[str, object]], Awaitable[str]]
"""Name and arguments of a tool to its answer; a `TradingError` becomes a message to the model."""

MOST_ARGUMENTS = 4096
"""Characters."""
MOST_ANSWER = 16 * 1024
"""Characters of a tool's answer; a longer one is refused, not cut: half a table misleads."""
MOST_IN_ROUND = 8


class BadArguments(ValueError):
    """What the model sent as arguments; the text is for the model."""


def parse_arguments(text: str) -> dict[str, object]:
    """The arguments of a tool call.

    Raises
    ------
    BadArguments
        Too long, no JSON, no object, a name twice, NaN.
    """
    if len(text) > MOST_ARGUMENTS:
        raise BadArguments(f"arguments are longer than {MOST_ARGUMENTS} characters")
    try:
        found = json.loads(text.strip() or "{}", object_pairs_hook=_once, parse_constant=_no_number)
    except BadArguments:
        raise
    except (ValueError, RecursionError) as error:
        raise BadArguments("arguments are not valid JSON") from error
    if not isinstance(found, dict):
        raise BadArguments("arguments must be a JSON object")
    return found


async def run_tools(
    calls: Sequence[ToolCall], tools: Sequence[Tool], run_tool: RunTool
) -> tuple[ToolRun, ...]:
    """Run what was asked for, one after the other; every call gets an answer.

    Raises whatever `run_tool` raises beyond `TradingError`.
    """
    known = {each.name for each in tools}
    return tuple([await _run(n, each, known, run_tool) for n, each in enumerate(calls)])


def tool_answers(runs: Sequence[ToolRun]) -> tuple[Message, ...]:
    """What the model is told."""
    return tuple(
        Message(role=Role.TOOL, text=each.answer, tool_call_id=each.call.id) for each in runs
    )


async def _run(number: int, call: ToolCall, known: set[str], run_tool: RunTool) -> ToolRun:
    began = monotonic()
    was_run = False
    try:
        arguments = _checked(number, call, known)
        was_run = True
        answer = storable(await run_tool(call.name, arguments))
        if len(answer) > MOST_ANSWER:
            answer = _error(
                f"the answer has {len(answer)} characters, more than {MOST_ANSWER}; ask for less"
            )
    except BadArguments as error:
        answer = _error(str(error))
    except TradingError as error:
        answer = _error(str(error)[:500])
    return ToolRun(call=call, answer=answer, was_run=was_run, seconds=monotonic() - began)


def _checked(number: int, call: ToolCall, known: set[str]) -> dict[str, object]:
    if number >= MOST_IN_ROUND:
        raise BadArguments(f"at most {MOST_IN_ROUND} tools are run at a time; ask again")
    if call.name not in known:
        raise BadArguments(f"there is no such tool; there are: {', '.join(sorted(known))}")
    return parse_arguments(call.arguments)


def _error(text: str) -> str:
    return json.dumps({"error": text})


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadArguments("arguments name the same field twice")
    return found


def _no_number(name: str) -> object:
    raise BadArguments(f"{name} is no number")
