"""Asking a model: one question, or a talk in which it may call our tools.

A call ends within the seconds it is given, sends nothing beyond the budget it is given, and leaves one
record, whether it returns or raises: `ModelCall`, also as `error.call`. Nothing is logged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic

from adapters.llm.capabilities import PROCESS_MEMORY, AbilityMemory
from adapters.llm.connections import Connections
from adapters.llm.endpoint import ModelEndpoint
from adapters.llm.errors import ModelError, OutOfTime, ToolFailed
from adapters.llm.messages import AnswerSchema, Message, Role, Tool
from adapters.llm.prices import price_table
from adapters.llm.records import CostSource, ModelCall, Reply, Round
from adapters.llm.redaction import Redactor
from adapters.llm.requests import Question
from adapters.llm.retries import Jitter, system_jitter
from adapters.llm.rounds import Allowance, Failed, Line, ask_round
from adapters.llm.settings import ModelSettings, Patience
from adapters.llm.tools import RunTool, run_tools, tool_answers
from trading.errors import InvalidRecord
from trading.model_budget import RequestBudget

MOST_TOOL_ROUNDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """What one call may use up."""

    seconds: float
    """For everything, retries and tool rounds included (NFR-001 gives a decision 30)."""
    budget: RequestBudget | None = None
    """What the account's day has left, looked at before each request; None: no limit."""

    def __post_init__(self) -> None:
        if not 0 < self.seconds <= 3600:
            raise InvalidRecord(f"a model call needs 0 to 3600 seconds, not {self.seconds}")


class ModelClient:
    """One account's model."""

    def __init__(
        self,
        endpoint: ModelEndpoint,
        settings: ModelSettings,
        connections: Connections,
        *,
        patience: Patience | None = None,
        memory: AbilityMemory = PROCESS_MEMORY,
        jitter: Jitter = system_jitter,
    ) -> None:
        patience = patience or Patience()
        self._connections = connections
        self._line = Line(
            sdk=connections.sdk(endpoint, patience.most_bytes),
            endpoint=endpoint,
            settings=settings,
            patience=patience,
            memory=memory,
            jitter=jitter,
            redactor=Redactor(endpoint.key),
        )

    async def ask(
        self, messages: Sequence[Message], limits: CallLimits, schema: AnswerSchema | None = None
    ) -> ModelCall:
        """One answer to these messages.

        The prompt has to describe the wanted shape itself: `schema` is a help that not every model takes.

        Raises
        ------
        ModelError
            There is no reply; the leaf says what to do, and its `call` is the record.
        """
        talk = self._talk(messages, limits)
        await talk.round(Question(messages=talk.messages, schema=schema))
        return talk.call

    async def ask_with_tools(
        self,
        messages: Sequence[Message],
        tools: Sequence[Tool],
        run_tool: RunTool,
        limits: CallLimits,
        schema: AnswerSchema | None = None,
        most_rounds: int = MOST_TOOL_ROUNDS,
    ) -> ModelCall:
        """One answer, before which the model may use tools, `most_rounds` times at most.

        After that it is asked once more without being allowed to. Only names in `tools` are ever run; what
        is wrong with a request for one is told to the model. A reply that still asks for tools comes back
        with the stop `tools`.

        Raises
        ------
        ModelError
            As in `ask`; `ToolFailed` where `run_tool` raised something other than a `TradingError`.
        """
        talk = self._talk(messages, limits)
        for number in range(most_rounds + 1):
            may_use = number < most_rounds
            reply = await talk.round(
                Question(
                    messages=talk.messages,
                    schema=schema,
                    tools=tuple(tools),
                    may_use_tools=may_use,
                )
            )
            if not (may_use and reply.tool_calls):
                break
            await talk.run(reply, tools, run_tool)
        return talk.call

    def _talk(self, messages: Sequence[Message], limits: CallLimits) -> _Talk:
        # Here as well as at the last step: the SDK may take a mistake of ours for a failed connection.
        self._connections.require_pool()
        return _Talk(self._line, messages, limits)


class _Talk:
    """A call while it goes on."""

    def __init__(self, line: Line, messages: Sequence[Message], limits: CallLimits) -> None:
        self._line = line
        self._started_at = datetime.now(UTC)
        began = monotonic()
        self._allowance = Allowance(
            began=began, deadline=began + limits.seconds, budget=limits.budget
        )
        self._rounds: list[Round] = []
        self.messages = tuple(messages)

    @property
    def call(self) -> ModelCall:
        """The record up to now."""
        uses_table = any(
            attempt.cost_source is CostSource.TABLE
            for each in self._rounds
            for attempt in each.attempts
        )
        return ModelCall(
            host=self._line.endpoint.host,
            model_asked=self._line.settings.model,
            started_at=self._started_at,
            seconds=monotonic() - self._allowance.began,
            messages=tuple(self._clean(each) for each in self.messages),
            rounds=tuple(self._rounds),
            price_table=price_table().version if uses_table else None,
        )

    async def round(self, question: Question) -> Reply:
        """Ask; raises what the round failed of."""
        done, failed = await ask_round(self._line, question, self._allowance)
        if done.reply is None:
            self._rounds.append(done)
            raise self._error(failed)
        kept = replace(done.reply, passed_on=self._kept(done.reply.passed_on))
        self._rounds.append(replace(done, reply=kept))
        return done.reply

    async def run(self, reply: Reply, tools: Sequence[Tool], run_tool: RunTool) -> None:
        """Run what the reply asks for, and put question and answers behind the messages."""
        try:
            async with asyncio.timeout(self._allowance.seconds_left):
                runs = await run_tools(reply.tool_calls, tools, run_tool)
        except Exception as error:
            if self._allowance.seconds_left <= 0:
                raise OutOfTime("the tools took what was left of the time", self.call) from error
            raise ToolFailed(f"a tool raised {type(error).__name__}", self.call) from error
        self._rounds[-1] = replace(self._rounds[-1], tools_run=runs)
        said = Message(
            role=Role.ASSISTANT,
            text=reply.text,
            tool_calls=reply.tool_calls,
            passed_on=reply.passed_on,
        )
        self.messages = (*self.messages, said, *tool_answers(runs))

    def _error(self, failed: Failed | None) -> ModelError:
        if failed is None:
            raise AssertionError("a round without a reply says why")
        return failed.error(failed.reason, self.call, failed.retry_after)

    def _clean(self, message: Message) -> Message:
        """As recorded: what was sent, unless a secret found its way into it."""
        text = None if message.text is None else self._line.redactor.clean(message.text)
        return replace(message, text=text, passed_on=self._kept(message.passed_on))

    def _kept(self, passed_on: Mapping[str, object]) -> Mapping[str, object]:
        clean = self._line.redactor.clean_value
        return {name: clean(value) for name, value in passed_on.items()}
