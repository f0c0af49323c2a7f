"""One talk with an account's model: the question, its answer read, and one corrective round at most.

It ends within the seconds it is given. Every question that left is told, also one that failed: it may
have been billed. What cannot be understood is a hold; nothing of a reply is ever guessed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from adapters.llm.client import CallLimits, ModelClient
from adapters.llm.connections import Connections
from adapters.llm.errors import ModelError
from adapters.llm.messages import AnswerSchema, Message, Tool, assistant, system, user
from adapters.llm.model_names import Match
from adapters.llm.records import ModelCall, Stop
from adapters.llm.tools import RunTool
from tasks.model_access import ModelAccess
from trading.decision.contract import Contract
from trading.decision.correction import correction_message
from trading.decision.prompt import Messages
from trading.decision.reply.mandate import Mandate, Reply
from trading.decision.reply.read import Reading, read_reply
from trading.decision.schema import decision_schema
from trading.model_budget import RequestBudget

DECIDE, CORRECT = "decide", "correct"
OTHER_MODEL = "other_model"
_WAITS_FOR_TOOLS = "tool_calls"
"""The protocol's finish reason of a reply that is not over."""
LEAST_SECONDS = 3.0
"""With less than this left no corrective round is begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question that left, and what came of it."""

    purpose: str
    call: ModelCall
    reading: Reading | None
    """None: there was no reply to read."""
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """All questions of one decision."""

    asked: tuple[Asked, ...]
    reading: Reading | None
    """What is acted on; None: everything is held."""
    answered_by: int | None
    """Which of `asked` it is the reading of."""
    failure: ModelError | None = None

    @property
    def reason(self) -> str:
        """Why everything is held; empty where something was read."""
        return "" if self.reading is not None or not self.asked else self.asked[-1].reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a talk may use."""

    seconds: float
    budget: RequestBudget
    """What the account's day has left."""
    tools: tuple[Tool, ...] = ()
    run_tool: RunTool | None = None


async def talk(
    access: ModelAccess, messages: Messages, form: Contract, mandate: Mandate, means: Means
) -> Talk:
    """Ask a model; `form` is the one that the messages ask for."""
    loop = asyncio.get_running_loop()
    until = loop.time() + means.seconds
    sent = [system(messages.system), user(messages.user)]
    asked: list[Asked] = []
    async with Connections() as connections:
        client = ModelClient(access.endpoint, access.settings, connections)
        first = await _ask(client, access, sent, form, mandate, means, DECIDE)
        asked.append(first)
        left = _left(means, first.call, until - loop.time())
        if _is_worth_correcting(first, left):
            words = correction_message(_reading_of(first), form)
            again = [*sent, assistant(first.call.text or ""), user(words)]
            asked.append(await _ask(client, access, again, form, mandate, left, CORRECT))
    return _settled(asked)


async def _ask(
    client: ModelClient,
    access: ModelAccess,
    messages: Sequence[Message],
    form: Contract,
    mandate: Mandate,
    means: Means,
    purpose: str,
) -> Asked:
    schema = AnswerSchema(name="decisions", schema=decision_schema(form, mandate))
    limits = CallLimits(seconds=means.seconds, budget=means.budget)
    try:
        if means.tools and means.run_tool is not None:
            call = await client.ask_with_tools(
                messages, means.tools, means.run_tool, limits, schema
            )
        else:
            call = await client.ask(messages, limits, schema)
    except ModelError as error:
        return _Failed(
            purpose=purpose,
            call=error.call,
            reading=None,
            outcome=error.code,
            reason=str(error),
            error=error,
        )
    if access.holds_on_other_model and call.model_match is Match.OTHER:
        reason = f"{call.model_used} answered in the place of {call.model_asked}"
        return Asked(purpose=purpose, call=call, reading=None, outcome=OTHER_MODEL, reason=reason)
    reading = read_reply(_reply_of(call), mandate, form)
    return Asked(
        purpose=purpose,
        call=call,
        reading=reading,
        outcome=reading.outcome.value,
        reason=reading.sentence,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failed(Asked):
    """A question without a reply."""

    error: ModelError


def _reply_of(call: ModelCall) -> Reply:
    reply = call.reply
    if reply is None:
        return Reply(content=None)
    # Some servers say `stop` although the model waits for a tool; what it says beside it is a draft.
    ended = _WAITS_FOR_TOOLS if reply.stop is Stop.TOOLS else reply.finish_reason
    return Reply(content=reply.text, finish_reason=ended, refusal=reply.refusal)


def _left(means: Means, first: ModelCall, seconds: float) -> Means:
    """What a corrective round may still use; it has no tools, only the form is to be mended."""
    return Means(seconds=seconds, budget=means.budget.after(first.use))


def _is_worth_correcting(first: Asked, left: Means) -> bool:
    is_paid_for = left.budget.check() is None
    is_wrong = first.reading is not None and not first.reading.is_clean
    return is_wrong and is_paid_for and left.seconds >= LEAST_SECONDS


def _reading_of(asked: Asked) -> Reading:
    if asked.reading is None:
        raise AssertionError("only a reading can be corrected")
    return asked.reading


def _settled(asked: Sequence[Asked]) -> Talk:
    """The last reply that could be read; a corrective round that failed leaves the first one."""
    failed = next((each for each in asked if isinstance(each, _Failed)), None)
    readable = [n for n, each in enumerate(asked) if each.reading is not None]
    number = readable[-1] if readable else None
    return Talk(
        asked=tuple(asked),
        reading=None if number is None else asked[number].reading,
        answered_by=number,
        failure=failed.error if failed is not None else None,
    )
