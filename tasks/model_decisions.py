"""A language model decides: within its budget and its time, asked once per cycle, stored as it was.

Whatever goes wrong is a hold with its reason, never a guess and never a second paid question for the
same slot. Only the words of the model's answer have an effect, and risk judges them like any other's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from adapters.store.alerts import AlertSeverity, clear_alert, raise_alert
from adapters.store.decisions import NewDecision
from adapters.store.model_calls import load_day_of_model
from tasks.account_state import AccountState
from tasks.cycle import Cycle
from tasks.market import Markets
from tasks.model_access import access_of, agent_of, prompt_of
from tasks.model_asking import build_question, means_of
from tasks.model_storing import StoredTalk, ask_and_store, stored_before
from tasks.model_waiting import raise_needs_person, tell_needs_person, why_not_asked
from tasks.resources import store_engine
from tasks.time_limits import decide_seconds
from trading.decisions import hold_of
from trading.errors import InvalidRecord, UnknownName
from trading.market import MarketView
from trading.model_budget import BudgetExhausted, ModelUse, RequestBudget

BUDGET_ALERT = "model_budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswer:
    """What the model's part of a decision has come to."""

    made: list[NewDecision]
    over_budget: str | None = None
    """Why the account's fallback strategy is to decide instead; None: it is not."""


async def ask_model(cycle: Cycle, state: AccountState, markets: Markets) -> ModelAnswer:
    """One decision per asset with usable data, or a hold that says why."""
    views = list(markets)
    if not views:
        return ModelAnswer(made=[])
    stored = stored_before(cycle)
    if stored is not None:
        return _answered(cycle, views, stored)
    waiting = why_not_asked(cycle)
    if waiting is not None:
        return ModelAnswer(made=_holds(cycle, views, waiting))
    try:
        access, prompt = access_of(cycle.account), prompt_of(cycle.account)
    except (InvalidRecord, UnknownName) as error:
        raise_needs_person(cycle, str(error))
        return ModelAnswer(made=_holds(cycle, views, f"the model cannot be asked: {error}"))
    question = build_question(cycle, state, markets, prompt)
    allowed = within_budget(cycle, question.tokens)
    if isinstance(allowed, BudgetExhausted):
        has_fallback = agent_of(cycle.account).fallback is not None
        return ModelAnswer(
            made=_holds(cycle, views, allowed.sentence),
            over_budget=allowed.sentence if has_fallback else None,
        )
    seconds = decide_seconds(cycle.arena.clock, cycle.account.interval)
    means = means_of(cycle, markets, seconds=seconds, budget=allowed)
    return _answered(cycle, views, await ask_and_store(cycle, access, question, means))


def _answered(cycle: Cycle, views: Sequence[MarketView], stored: StoredTalk) -> ModelAnswer:
    tell_needs_person(cycle, stored.talk)
    return ModelAnswer(made=_decisions(cycle, views, stored))


def require_budget(cycle: Cycle, tokens: int) -> RequestBudget:
    """What requests may use today; raises `InvalidRecord` when none may go out."""
    allowed = within_budget(cycle, tokens)
    if isinstance(allowed, BudgetExhausted):
        raise InvalidRecord(f"{cycle.account.id}: {allowed.sentence}")
    return allowed


def within_budget(cycle: Cycle, tokens: int) -> RequestBudget | BudgetExhausted:
    """What requests of about so many tokens may use today, or why none may go out."""
    now = datetime.now(UTC)
    with store_engine().begin() as conn:
        budget = RequestBudget(
            limits=agent_of(cycle.account).budget,
            day=load_day_of_model(conn, cycle.account.id, now.date()),
            expected=ModelUse(at=now, calls=1, tokens=tokens),
        )
        verdict = budget.check()
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
    return budget


def _decisions(cycle: Cycle, views: Sequence[MarketView], stored: StoredTalk) -> list[NewDecision]:
    held = stored.talk
    call_id = stored.ids[held.answered_by if held.answered_by is not None else -1]
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
            decision=hold_of(
                view.symbol,
                rationale=f"Held, nothing changes: {why}",
                decided_by=cycle.account.model or "",
            ),
            asset=view.instrument.base,
            reference_price=view.quote.last,
        )
        for view in views
    ]
