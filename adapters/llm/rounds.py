"""One question and one answer: attempts, what a refused parameter teaches, and when to give up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import monotonic

import openai

from adapters.llm.capabilities import Abilities, AbilityMemory, abilities_of
from adapters.llm.endpoint import ModelEndpoint
from adapters.llm.errors import BudgetSpent, CallsSpent, ModelError, OutOfTime
from adapters.llm.exchange import exchange
from adapters.llm.prices import price_table
from adapters.llm.records import Attempt, Billing, Round
from adapters.llm.redaction import Redactor
from adapters.llm.requests import Question, output_mode, parameters, payloads
from adapters.llm.retries import Jitter, pause_after, wait_before_next
from adapters.llm.settings import ModelSettings, Patience
from adapters.llm.usage import cost_of, listed_price
from adapters.llm.verdicts import Verdict, judge
from trading.model_budget import BudgetExhausted, Ceiling, RequestBudget


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An account's way to its model."""

    sdk: openai.AsyncOpenAI = field(repr=False)
    endpoint: ModelEndpoint
    settings: ModelSettings
    patience: Patience
    memory: AbilityMemory
    jitter: Jitter
    redactor: Redactor

    @property
    def abilities(self) -> Abilities:
        """The account's word or the table's, less what the server has refused."""
        believed = self.settings.abilities or abilities_of(self.settings.model)
        return self.memory.applied(self.endpoint.host, self.settings.model, believed)

    def learn(self, sent: Abilities, parameter: str) -> bool:
        """From a refusal; True: the same question can be asked again, without that."""
        return self.memory.learn(self.endpoint.host, self.settings.model, sent, parameter)


@dataclass(slots=True, kw_only=True)
class Allowance:
    """What one call of ours may still use up; shared by its rounds."""

    began: float
    """On the monotonic clock."""
    deadline: float
    budget: RequestBudget | None
    """Less what its requests have used so far; None: no limit."""

    @property
    def seconds_left(self) -> float:
        return self.deadline - monotonic()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Why a round has no reply."""

    error: type[ModelError]
    reason: str
    retry_after: float | None = None


@dataclass(slots=True)
class _Attempts:
    made: list[Attempt] = field(default_factory=list[Attempt])
    counted: int = 0
    """Without those that only taught what to leave out, and were free."""

    @property
    def paid(self) -> int:
        return sum(each.is_billed for each in self.made)


async def ask_round(
    line: Line, question: Question, allowance: Allowance
) -> tuple[Round, Failed | None]:
    """Ask until there is a reply or nothing more may be tried; never raises for what comes back."""
    attempts = _Attempts()
    while True:
        abilities = line.abilities
        asked = Round(
            messages_sent=len(question.messages),
            output=output_mode(question, abilities),
            parameters=parameters(question, line.settings, line.endpoint, abilities),
            attempts=tuple(attempts.made),
            reply=None,
        )
        barred = _barred(allowance, attempts)
        if barred is not None:
            return asked, barred
        verdict = await _attempt(line, question, asked, allowance, attempts)
        answered = replace(asked, attempts=tuple(attempts.made), reply=verdict.reply)
        if verdict.error is None:
            return answered, None
        has_taught = verdict.refused is not None and line.learn(abilities, verdict.refused)
        if has_taught and verdict.billing is Billing.NO:
            continue
        attempts.counted += 1
        may_help = has_taught or verdict.is_passing
        wait = _wait(line, verdict, allowance, attempts) if may_help else None
        if wait is None:
            return answered, Failed(
                error=verdict.error, reason=verdict.reason, retry_after=verdict.retry_after
            )
        await asyncio.sleep(wait)


def _barred(allowance: Allowance, attempts: _Attempts) -> Failed | None:
    """Time and money come before everything else."""
    spent = None if allowance.budget is None else allowance.budget.check()
    if isinstance(spent, BudgetExhausted):
        last = f" (before: {attempts.made[-1].reason})" if attempts.made else ""
        kind = CallsSpent if spent.ceiling is Ceiling.CALLS else BudgetSpent
        return Failed(error=kind, reason=f"{spent.sentence}{last}")
    if allowance.seconds_left <= 0:
        return Failed(error=OutOfTime, reason="the time for this decision is over")
    return None


async def _attempt(
    line: Line,
    question: Question,
    asked: Round,
    allowance: Allowance,
    attempts: _Attempts,
) -> Verdict:
    began, sent_at = monotonic(), datetime.now(UTC)
    outcome = await exchange(
        line.sdk,
        {**asked.parameters, "messages": payloads(question.messages)},
        seconds=min(line.patience.attempt_seconds, allowance.seconds_left),
        connect_seconds=line.patience.connect_seconds,
        most_bytes=line.patience.most_bytes,
    )
    verdict = judge(
        outcome,
        line.redactor,
        asked.parameters.keys(),
        datetime.now(UTC),
        tells_cost=line.endpoint.is_openrouter,
    )
    attempt = _recorded(line, verdict, began - allowance.began, monotonic() - began)
    attempts.made.append(attempt)
    if allowance.budget is not None:
        allowance.budget = allowance.budget.after(attempt.use(sent_at))
    return verdict


def _recorded(line: Line, verdict: Verdict, began_after: float, seconds: float) -> Attempt:
    used = None if verdict.reply is None else verdict.reply.model_used
    listed = listed_price(price_table(), line.endpoint.host, line.settings.model, used)
    cost, source = cost_of(
        verdict.billing, verdict.told_cost, verdict.usage, line.settings.price, listed
    )
    return Attempt(
        began_after=began_after,
        seconds=seconds,
        outcome="answered" if verdict.error is None else verdict.error.code,
        billing=verdict.billing,
        cost=cost,
        cost_source=source,
        status=verdict.status,
        reason=verdict.reason or None,
        retry_after=verdict.retry_after,
        left_out=verdict.refused,
        usage=verdict.usage,
        raw=verdict.raw,
    )


def _wait(line: Line, verdict: Verdict, allowance: Allowance, attempts: _Attempts) -> float | None:
    return wait_before_next(
        line.patience,
        attempts=attempts.counted,
        paid=attempts.paid,
        seconds_left=allowance.seconds_left,
        pause=pause_after(attempts.counted, line.patience, line.jitter),
        retry_after=verdict.retry_after,
    )
