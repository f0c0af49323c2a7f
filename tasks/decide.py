"""Ask the account's strategy about each asset and store the answers with their reasons.

A strategy that raises or does not answer in time fails the cycle by its name; positions have been
looked after before. It computes in a thread of its own, so that the lease is renewed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from prefect import get_run_logger, task

from adapters.store.decisions import NewDecision, save_decisions
from tasks.account_state import AccountState
from tasks.cycle import Cycle
from tasks.market import Markets
from tasks.options import READ
from tasks.resources import store_engine
from tasks.time_limits import decide_seconds, in_limited_thread
from trading.decision.from_signal import decide_from_signal
from trading.decisions import TradeDecision, refuse_too_long
from trading.errors import DecisionFailed, TradingError
from trading.market import MarketView
from trading.positions import Direction
from trading.strategies.catalogue import build_parameters, find_strategy

_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision as stored."""

    id: UUID
    decision: TradeDecision


@task(name="decide", **READ)
async def decide(cycle: Cycle, state: AccountState, markets: Markets) -> tuple[Decided, ...]:
    """One stored decision per asset with usable data; the same cycle decides each asset once."""
    made = await _within_limit(cycle, lambda: _decide_all(cycle, state, markets))
    with store_engine().begin() as conn:
        ids = save_decisions(
            conn, made, cycle_id=cycle.id, account_id=cycle.account.id, decided_at=cycle.as_of
        )
    decided = tuple(
        Decided(id=decision_id, decision=new.decision)
        for decision_id, new in zip(ids, made, strict=True)
    )
    log = get_run_logger()
    for item in decided:
        log.info("%s decides %s %s: %s", cycle.account.id, item.decision.action,
                 cycle.assets.of(item.decision.symbol), item.decision.rationale)  # fmt: skip
    return decided


async def _within_limit(
    cycle: Cycle, decide_all: Callable[[], list[NewDecision]]
) -> list[NewDecision]:
    seconds = decide_seconds(cycle.arena.clock, cycle.account.interval)
    try:
        return await in_limited_thread(decide_all, seconds)
    except TimeoutError as error:
        raise DecisionFailed(
            f"strategy {cycle.account.strategy} did not decide within {seconds:g} s"
        ) from error


def _decide_all(cycle: Cycle, state: AccountState, markets: Markets) -> list[NewDecision]:
    made: list[NewDecision] = []
    for view in markets:
        asset = view.instrument.base
        try:
            decision = _decide_one(cycle, state, view)
        except TradingError:
            raise
        except Exception as error:
            told = f"{type(error).__name__}: {error}"[:_LONGEST_REASON]
            raise DecisionFailed(
                f"strategy {cycle.account.strategy} failed on {asset}: {told}"
            ) from error
        made.append(
            NewDecision(
                decision=refuse_too_long(decision), asset=asset, reference_price=view.quote.last
            )
        )
    return made


def _decide_one(cycle: Cycle, state: AccountState, view: MarketView) -> TradeDecision:
    strategy = find_strategy(cycle.account.strategy)
    held = state.position(view.symbol)
    signal = strategy.signal(
        view,
        build_parameters(strategy, cycle.account.parameters),
        Direction.FLAT if held is None else held.position.direction,
    )
    return decide_from_signal(
        signal,
        view=view,
        held=None if held is None else held.position,
        capital=state.balance.equity,
        limits=cycle.account.limits,
        decided_by=strategy.name,
        takes_stop=strategy.takes_stop,
    )
