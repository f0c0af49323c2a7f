"""What was asked, what came back and what it cost: the record of one decision's talk with a model.

Everything here is data, free of keys, ready to be stored (documents.py makes JSON of it). Money is USD
in decimals; an unknown price is None and never 0. Times are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from adapters.llm.capabilities import OutputMode
from adapters.llm.messages import Message, ToolCall
from adapters.llm.model_names import Match
from trading.model_budget import ModelUse
from trading.units import ZERO


class Stop(StrEnum):
    """Why the model stopped; only `COMPLETE`, and `UNTOLD` of a server that never tells, is an answer."""

    COMPLETE = "complete"
    UNTOLD = "untold"
    """There is text, but the provider gave no known reason."""
    TOOLS = "tools"
    """It asks for tools, though no further round is allowed."""
    CUT = "cut"
    """The limit of tokens ended it: never complete such a reply."""
    FILTERED = "filtered"
    REFUSED = "refused"
    EMPTY = "empty"


class Billing(StrEnum):
    """Whether a request costs money."""

    NO = "no"
    MAYBE = "maybe"
    """Sent, but without an answer that tells."""
    YES = "yes"


class CostSource(StrEnum):
    """Who says what it cost."""

    PROVIDER = "provider"
    TABLE = "table"
    """Tokens of the provider, prices of ours."""
    NOT_BILLED = "not_billed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens as the provider counted them; None where it did not."""

    prompt: int | None = None
    """With those from its cache."""
    answer: int | None = None
    """With those of reasoning."""
    cached: int | None = None
    """Of `prompt`."""
    reasoning: int | None = None
    """Of `answer`."""

    @property
    def total(self) -> int | None:
        """Prompt and answer, if both are known."""
        return None if self.prompt is None or self.answer is None else self.prompt + self.answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer of the model, cleaned of secrets and of characters that a database cannot hold."""

    stop: Stop
    finish_reason: str | None
    """The provider's word."""
    native_finish_reason: str | None = None
    """That of whoever computed for the provider."""
    text: str | None = None
    refusal: str | None = None
    reasoning: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    passed_on: Mapping[str, object] = field(default_factory=dict[str, object])
    """Fields of the answer that a model wants to see again between tool rounds. They go back without the
    account's key, otherwise as they came; those of a `ModelCall` are cleaned like any text."""
    id: str | None = None
    model_used: str | None = None
    provider: str | None = None
    """Who computed, where the endpoint is a router."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request and what became of it."""

    began_after: float
    """Seconds since the call began."""
    seconds: float
    outcome: str
    """`answered`, or the code of an error."""
    billing: Billing
    cost: Decimal | None
    """USD."""
    cost_source: CostSource
    status: int | None = None
    """Of HTTP; None: no answer."""
    reason: str | None = None
    """What went wrong, in words."""
    retry_after: float | None = None
    left_out: str | None = None
    """The parameter that was refused, and is not sent any more."""
    usage: Usage | None = None
    raw: str | None = None
    """The answer's body as it came, without secrets; what is beyond the limit was not read."""

    @property
    def is_billed(self) -> bool:
        """Possibly."""
        return self.billing is not Billing.NO

    @property
    def has_unknown_cost(self) -> bool:
        return self.is_billed and self.cost is None

    @property
    def tokens(self) -> int | None:
        """Prompt and answer; None: nobody counted them."""
        return None if self.usage is None else self.usage.total

    @property
    def has_unknown_usage(self) -> bool:
        return self.is_billed and self.tokens is None

    def use(self, at: datetime) -> ModelUse:
        """What the request counts as in a budget; `at`: when it was sent."""
        return ModelUse(
            at=at,
            calls=int(self.is_billed),
            tokens=self.tokens or 0,
            money=self.cost or ZERO,
            unknown_money=int(self.has_unknown_cost),
            unknown_tokens=int(self.has_unknown_usage),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRun:
    """One tool that the model asked for."""

    call: ToolCall
    answer: str
    """What the model was told."""
    was_run: bool
    """False: unknown name, bad arguments, too many."""
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One question to the model: all attempts, and the reply if there was one."""

    messages_sent: int
    """The first so many of the call's messages."""
    output: OutputMode
    """How the shape of the answer was asked for in the last attempt."""
    parameters: Mapping[str, object]
    """Body of the last attempt without its messages, exactly as sent."""
    attempts: tuple[Attempt, ...]
    reply: Reply | None
    tools_run: tuple[ToolRun, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """Everything about one question of ours, tool rounds included."""

    host: str
    """Where it was asked, e.g. `openrouter.ai`."""
    model_asked: str
    started_at: datetime
    """Aware UTC."""
    seconds: float
    messages: tuple[Message, ...]
    """All, in order: ours, and in tool rounds the model's and our answers to it."""
    rounds: tuple[Round, ...]
    price_table: str | None = None
    """Version of the price table, where a cost comes from it."""

    @property
    def reply(self) -> Reply | None:
        """The last one; None if the last round has none."""
        return self.rounds[-1].reply if self.rounds else None

    @property
    def text(self) -> str | None:
        """What the model said in the end."""
        return None if self.reply is None else self.reply.text

    @property
    def model_used(self) -> str | None:
        """As the answer says; None: it does not."""
        return None if self.reply is None else self.reply.model_used

    @property
    def model_match(self) -> Match:
        """The worst of all rounds: any answer of another model counts."""
        found = [
            Match.of(self.model_asked, each.reply.model_used) for each in self.rounds if each.reply
        ]
        return max(found, key=list(Match).index, default=Match.UNTOLD)

    @property
    def output(self) -> OutputMode | None:
        """How the shape of the last answer was asked for."""
        return self.rounds[-1].output if self.rounds else None

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        return tuple(attempt for each in self.rounds for attempt in each.attempts)

    @property
    def billed_attempts(self) -> int:
        """How many requests may have been billed."""
        return sum(each.is_billed for each in self.attempts)

    @property
    def unknown_costs(self) -> int:
        """How many requests may have been billed at a price that nobody told."""
        return sum(each.has_unknown_cost for each in self.attempts)

    @property
    def unknown_usages(self) -> int:
        """How many requests may have used tokens that nobody counted."""
        return sum(each.has_unknown_usage for each in self.attempts)

    @property
    def known_cost(self) -> Decimal:
        """USD, the sum of what is known."""
        return sum((each.cost for each in self.attempts if each.cost is not None), start=ZERO)

    @property
    def cost(self) -> Decimal | None:
        """USD; None as soon as the price of one billed request is unknown."""
        return None if self.unknown_costs else self.known_cost

    @property
    def known_tokens(self) -> int:
        """Prompt and answer of all requests that told them."""
        return sum(each.tokens or 0 for each in self.attempts)

    @property
    def use(self) -> ModelUse:
        """What all of it counts as in a budget."""
        return ModelUse(
            at=self.started_at,
            calls=self.billed_attempts,
            tokens=self.known_tokens,
            money=self.known_cost,
            unknown_money=self.unknown_costs,
            unknown_tokens=self.unknown_usages,
        )
