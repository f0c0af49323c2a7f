"""Ask who decides for the account about each asset and store the answers with their reasons.

A strategy that raises or does not answer in time fails the cycle by its name; positions have been
looked after before. A blend goes on without a member that raises, and names it. It is computed in
a thread of its own, so that the lease is renewed meanwhile. A paper twin repeats what its original
decided (`tasks.twin_decisions`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from prefect import get_run_logger, task

from adapters.store.decisions import NewDecision, save_decisions
from adapters.store.votes import load_outcomes, load_owners
from tasks.account_state import AccountState
from tasks.cycle import Cycle
from tasks.market import Markets
from tasks.options import READ
from tasks.resources import store_engine
from tasks.time_limits import decide_seconds, in_limited_thread
from tasks.twin_decisions import repeat_original
from trading.account import AgentKind
from trading.blend.allocation import MemberOutcome
from trading.blend.opinion import blend_opinion, opinion_document
from trading.blend_plan import BLEND, Allocation, Blend
from trading.decision.from_signal import decide_from_signal
from trading.decisions import TradeDecision, refuse_too_long
from trading.errors import DecisionFailed, TradingError
from trading.market import MarketView
from trading.ports import VenuePosition
from trading.positions import Direction
from trading.scanner.ranking import scan_words
from trading.strategies.catalogue import build_parameters, find_strategy

_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision as stored."""

    id: UUID
    decision: TradeDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """What a blend has to know of its own past; empty for everybody else."""

    owners: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """By symbol: the members behind the open position."""
    outcomes: tuple[MemberOutcome, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """A decision, with what is stored and said about it besides."""

    decision: TradeDecision
    votes: Mapping[str, Any] | None = None
    failures: tuple[str, ...] = ()
    """Members of a blend that raised."""


_Made = tuple[list[NewDecision], list[str]]
"""Decisions, and the failures of members on the way to them."""


@task(name="decide", **READ)
async def decide(cycle: Cycle, state: AccountState, markets: Markets) -> tuple[Decided, ...]:
    """One stored decision per asset with usable data; the same cycle decides each asset once."""
    made, failures = await _make(cycle, state, markets)
    equity = state.balance.equity
    with store_engine().begin() as conn:
        ids = save_decisions(
            conn,
            made,
            cycle_id=cycle.id,
            account_id=cycle.account.id,
            decided_at=cycle.as_of,
            equity=equity if equity.is_finite() else None,
        )
    decided = tuple(
        Decided(id=decision_id, decision=new.decision)
        for decision_id, new in zip(ids, made, strict=True)
    )
    log = get_run_logger()
    for item in decided:
        log.info("%s decides %s %s: %s", cycle.account.id, item.decision.action,
                 cycle.assets.of(item.decision.symbol), item.decision.rationale)  # fmt: skip
    for failure in failures:
        log.warning("%s goes on without a member: %s.", cycle.account.id, failure)
    return decided


async def _make(cycle: Cycle, state: AccountState, markets: Markets) -> _Made:
    original = cycle.account.twin_of
    if original is not None:
        return await repeat_original(cycle, original, state, markets), []
    if cycle.account.kind is AgentKind.LLM:
        return await _ask_model(cycle, state, markets)
    past = _read_past(cycle)
    return await _within_limit(cycle, lambda: _decide_all(cycle, state, markets, past))


async def _ask_model(cycle: Cycle, state: AccountState, markets: Markets) -> _Made:
    """The model's decisions; those of its fallback strategy where its budget is used up."""
    # Here, because only accounts with a model pay for its client.
    from tasks.model_decisions import ask_model

    answer = await ask_model(cycle, state, markets)
    fallback = cycle.account.model_agent and cycle.account.model_agent.fallback
    if answer.over_budget is None or fallback is None:
        return answer.made, []
    by_rule = replace(
        cycle.account,
        kind=AgentKind.RULE,
        strategy=fallback,
        model=None,
        prompt=None,
        model_agent=None,
    )
    stands_in = replace(cycle, account=by_rule)
    made, failures = await _within_limit(
        stands_in, lambda: _decide_all(stands_in, state, markets, _Past())
    )
    words = f"The model is not asked ({answer.over_budget}), {fallback} decides instead."
    return [_because(each, words) for each in made], failures


def _because(new: NewDecision, words: str) -> NewDecision:
    decision = new.decision
    return replace(new, decision=replace(decision, rationale=f"{words} {decision.rationale}"))


def _read_past(cycle: Cycle) -> _Past:
    blend = cycle.account.blend
    if blend is None:
        return _Past()
    with store_engine().connect() as conn:
        outcomes = (
            ()
            if blend.allocation is Allocation.WEIGHTS
            else load_outcomes(conn, cycle.account.id, until=cycle.as_of)
        )
        return _Past(owners=load_owners(conn, cycle.account.id), outcomes=outcomes)


async def _within_limit(cycle: Cycle, decide_all: Callable[[], _Made]) -> _Made:
    seconds = decide_seconds(cycle.arena.clock, cycle.account.interval)
    try:
        return await in_limited_thread(decide_all, seconds)
    except TimeoutError as error:
        raise DecisionFailed(
            f"strategy {cycle.account.strategy} did not decide within {seconds:g} s"
        ) from error


def _decide_all(cycle: Cycle, state: AccountState, markets: Markets, past: _Past) -> _Made:
    made: list[NewDecision] = []
    failures: list[str] = []
    for view in markets:
        asset = view.instrument.base
        try:
            answer = _decide_one(cycle, state, view, past)
        except TradingError:
            raise
        except Exception as error:
            told = f"{type(error).__name__}: {error}"[:_LONGEST_REASON]
            raise DecisionFailed(
                f"strategy {cycle.account.strategy} failed on {asset}: {told}"
            ) from error
        failures += [f"{asset}: {failure}" for failure in answer.failures]
        made.append(
            NewDecision(
                decision=refuse_too_long(_with_scan(answer.decision, markets)),
                asset=asset,
                reference_price=view.quote.last,
                votes=answer.votes,
            )
        )
    return made, failures


def _with_scan(decision: TradeDecision, markets: Markets) -> TradeDecision:
    """Why the instrument is looked at belongs to why something was decided about it."""
    if markets.scan is None:
        return decision
    words = scan_words(markets.scan, decision.symbol)
    return replace(decision, rationale=f"{decision.rationale} {words}")


def _decide_one(cycle: Cycle, state: AccountState, view: MarketView, past: _Past) -> _Answer:
    held = state.position(view.symbol)
    blend = cycle.account.blend
    if blend is not None:
        return _decide_blend(cycle, state, view, blend, past)
    strategy = find_strategy(cycle.account.strategy)
    signal = strategy.signal(
        view, build_parameters(strategy, cycle.account.parameters), _direction(held)
    )
    decision = decide_from_signal(
        signal,
        view=view,
        held=None if held is None else held.position,
        capital=state.balance.equity,
        limits=cycle.account.limits,
        decided_by=strategy.name,
        takes_stop=strategy.takes_stop,
    )
    return _Answer(decision=decision)


def _decide_blend(
    cycle: Cycle, state: AccountState, view: MarketView, blend: Blend, past: _Past
) -> _Answer:
    held = state.position(view.symbol)
    opinion = blend_opinion(
        blend,
        view,
        held=_direction(held),
        owners=past.owners.get(view.symbol),
        outcomes=past.outcomes,
    )
    decision = decide_from_signal(
        opinion.signal,
        view=view,
        held=None if held is None else held.position,
        capital=state.balance.equity,
        limits=cycle.account.limits,
        decided_by=BLEND,
    )
    return _Answer(decision=decision, votes=opinion_document(opinion), failures=opinion.failures)


def _direction(held: VenuePosition | None) -> Direction:
    return Direction.FLAT if held is None else held.position.direction
