"""A language model decides: within its budget and its time, asked once per cycle, stored as it was.

Whatever goes wrong is a hold with its reason, never a guess and never a second paid question for the
same slot. Only the words of the model's answer have an effect, and risk judges them like any other's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from adapters.llm.documents import call_document
from adapters.market.remembered import RecentlyUsed
from adapters.store.alerts import AlertSeverity, clear_alert, raise_alert
from adapters.store.decisions import NewDecision
from adapters.store.model_calls import (
    NewModelCall,
    StoredQuestion,
    load_day_of_model,
    save_model_call,
)
from tasks.account_state import AccountState
from tasks.cycle import Cycle
from tasks.market import Markets
from tasks.model_access import agent_of, prompt_of
from tasks.model_situation import build_situation
from tasks.model_talk import Asked, Means, Talk, talk
from tasks.model_waiting import tell_needs_person, why_not_asked
from tasks.resources import store_engine
from tasks.time_limits import decide_seconds
from trading.decision.context.build import build_context
from trading.decision.contract import Contract
from trading.decision.prompt import Messages, build_messages
from trading.decision.reply.mandate import Mandate, Tradable
from trading.decisions import Action, TradeDecision
from trading.errors import InvalidRecord
from trading.market import MarketView
from trading.model_budget import BudgetExhausted, ModelUse, check_budget
from trading.positions import Direction
from trading.units import ZERO

BUDGET_ALERT = "model_budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswer:
    """What the model's part of a decision has come to."""

    made: list[NewDecision]
    over_budget: str | None = None
    """Why the account's fallback strategy is to decide instead; None: it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, and what an answer is read against."""

    prompt_name: str
    prompt_version: str
    form: str
    messages: Messages
    mandate: Mandate
    tokens: int
    """Of the context, as estimated."""

    @classmethod
    def of_stored(cls, stored: StoredQuestion, *, mandate: Mandate) -> Question:
        """An old question, to be asked again."""
        return cls(
            prompt_name=stored.prompt_name,
            prompt_version=stored.prompt_version,
            form=stored.form,
            messages=Messages(system=stored.system, user=stored.user),
            mandate=mandate,
            tokens=0,
        )


_talks: RecentlyUsed[UUID, Talk] = RecentlyUsed(8)
"""Talks of this process by cycle: a step that is repeated after a fault of the database must not pay
for a second answer."""


async def ask_model(cycle: Cycle, state: AccountState, markets: Markets) -> ModelAnswer:
    """One decision per asset with usable data, or a hold that says why."""
    views = list(markets)
    if not views:
        return ModelAnswer(made=[])
    waiting = why_not_asked(cycle)
    if waiting is not None:
        return ModelAnswer(made=_holds(cycle, views, waiting))
    question = build_question(cycle, state, markets)
    allowed = within_budget(cycle, question.tokens)
    if isinstance(allowed, BudgetExhausted):
        has_fallback = agent_of(cycle.account).fallback is not None
        return ModelAnswer(
            made=_holds(cycle, views, allowed.sentence),
            over_budget=allowed.sentence if has_fallback else None,
        )
    held = _talks.get(cycle.id)
    if held is None:
        held = await talk(
            cycle.account, question.messages, question.mandate, _means(cycle, allowed)
        )
        _talks.put(cycle.id, held)
    call_ids = save_talk(cycle, question, held)
    tell_needs_person(cycle, held)
    return ModelAnswer(made=_decisions(cycle, views, held, call_ids))


def build_question(cycle: Cycle, state: AccountState, markets: Markets) -> Question:
    """The prompt filled with what is known now. Raises `UnknownName` and `InvalidRecord`."""
    account, agent = cycle.account, agent_of(cycle.account)
    prompt = prompt_of(account)
    context = build_context(build_situation(cycle, state, markets), budget=agent.context_tokens)
    mandate = _mandate(cycle, state, markets)
    messages = build_messages(
        prompt,
        context,
        mandate=mandate,
        limits=account.limits,
        interval=account.interval,
        contract=Contract(agent.form),
    )
    return Question(
        prompt_name=prompt.name,
        prompt_version=prompt.version,
        form=agent.form,
        messages=messages,
        mandate=mandate,
        tokens=context.tokens,
    )


def save_talk(
    cycle: Cycle,
    question: Question,
    held: Talk,
    *,
    purpose: str | None = None,
    replay_of: UUID | None = None,
) -> tuple[UUID, ...]:
    """Store every question of a talk, in one transaction; their ids in order."""
    rows = [_row(cycle, question, each, purpose or each.purpose, replay_of) for each in held.asked]
    with store_engine().begin() as conn:
        return tuple(save_model_call(conn, row) for row in rows)


def reading_document(asked: Asked, mandate: Mandate) -> dict[str, Any]:
    """What was made of a reply, and against what it was read: enough to read another one."""
    document: dict[str, Any] = {"mandate": asdict(mandate)}
    document["mandate"].pop("candles_read")
    reading = asked.reading
    if reading is None:
        return document
    return document | {
        "outcome": reading.outcome.value,
        "path": [step.value for step in reading.path],
        "rules": [asdict(rule) for rule in reading.rules],
        "verdicts": [
            {
                "asset": verdict.asset,
                "outcome": verdict.outcome.value,
                "sentence": verdict.sentence,
                "action": verdict.decision.action.value,
            }
            for verdict in reading.verdicts
        ],
        "dropped": list(reading.dropped),
        "reasoning": reading.reasoning,
    }


def _row(
    cycle: Cycle, question: Question, asked: Asked, purpose: str, replay_of: UUID | None
) -> NewModelCall:
    return NewModelCall(
        account_id=cycle.account.id,
        cycle_id=cycle.id,
        purpose=purpose,
        at=cycle.as_of,
        prompt_name=question.prompt_name,
        prompt_version=question.prompt_version,
        form=question.form,
        replay_of=replay_of,
        outcome=asked.outcome,
        reason=asked.reason,
        reply_text=asked.call.text,
        reading=reading_document(asked, question.mandate),
        call=call_document(asked.call),
    )


def _means(cycle: Cycle, paid: int | None) -> Means:
    return Means(
        seconds=decide_seconds(cycle.arena.clock, cycle.account.interval), paid_requests=paid
    )


def require_budget(cycle: Cycle, tokens: int) -> int | None:
    """How many requests may be billed; raises `InvalidRecord` when none may."""
    allowed = within_budget(cycle, tokens)
    if isinstance(allowed, BudgetExhausted):
        raise InvalidRecord(f"{cycle.account.id}: {allowed.sentence}")
    return allowed


def within_budget(cycle: Cycle, tokens: int) -> int | BudgetExhausted | None:
    """How many requests may be billed (None: no limit), or why none may."""
    now = datetime.now(UTC)
    with store_engine().begin() as conn:
        day = load_day_of_model(conn, cycle.account.id, now.date())
        verdict = check_budget(
            agent_of(cycle.account).budget,
            day,
            ModelUse(at=now, calls=1, tokens=tokens),
        )
        if isinstance(verdict, BudgetExhausted):
            raise_alert(
                conn,
                code=BUDGET_ALERT,
                severity=AlertSeverity.WARNING,
                sentence=f"{cycle.account.id} asks its model no more today: {verdict.sentence}",
                account_id=cycle.account.id,
                at=cycle.as_of,
            )
            return verdict
        clear_alert(conn, code=BUDGET_ALERT, account_id=cycle.account.id, at=cycle.as_of)
    return verdict.calls_left


def _mandate(cycle: Cycle, state: AccountState, markets: Markets) -> Mandate:
    views = list(markets)
    return Mandate(
        tradables=tuple(
            Tradable(
                asset=view.instrument.base,
                symbol=view.symbol,
                quote=view.instrument.quote,
                price=view.quote.last,
                held=_held(state, view.symbol),
            )
            for view in views
        ),
        decided_by=cycle.account.model or "",
        capital=state.balance.equity,
        candles_read={timeframe: len(window) for timeframe, window in views[0].windows.items()},
    )


def _held(state: AccountState, symbol: str) -> Direction:
    held = state.position(symbol)
    return Direction.FLAT if held is None else held.position.direction


def _decisions(
    cycle: Cycle, views: Sequence[MarketView], held: Talk, call_ids: Sequence[UUID]
) -> list[NewDecision]:
    number = held.answered_by
    call_id = call_ids[number if number is not None else -1]
    if held.reading is None:
        return [replace(each, model_call_id=call_id) for each in _holds(cycle, views, held.reason)]
    by_symbol = {decision.symbol: decision for decision in held.reading.decisions}
    return [
        NewDecision(
            decision=by_symbol[view.symbol],
            asset=view.instrument.base,
            reference_price=view.quote.last,
            model_call_id=call_id,
        )
        for view in views
    ]


def _holds(cycle: Cycle, views: Sequence[MarketView], why: str) -> list[NewDecision]:
    return [
        NewDecision(
            decision=TradeDecision(
                symbol=view.symbol,
                action=Action.HOLD,
                allocation_usd=ZERO,
                take_profit_price=None,
                stop_price=None,
                exit_plan="",
                rationale=f"Held, nothing changes: {why}",
                confidence=1.0,
                decided_by=cycle.account.model or "",
            ),
            asset=view.instrument.base,
            reference_price=view.quote.last,
        )
        for view in views
    ]
