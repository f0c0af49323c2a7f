"""Ask the account's strategy about each asset and store the answers with their reasons."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from prefect import get_run_logger, task

from adapters.store.decisions import save_decision
from tasks.account_state import AccountState
from tasks.cycle import Cycle
from tasks.market import Markets
from tasks.options import READ
from tasks.resources import store_engine
from trading.decision.from_signal import decide_from_signal
from trading.decisions import TradeDecision
from trading.market import MarketView
from trading.positions import Direction
from trading.strategies.catalogue import build_parameters, find_strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision as stored."""

    id: UUID
    decision: TradeDecision


@task(name="decide", **READ)
async def decide(cycle: Cycle, state: AccountState, markets: Markets) -> tuple[Decided, ...]:
    """One stored decision per asset with usable data; the same cycle decides each asset once."""
    decided = tuple(
        Decided(id=_store(cycle, view, decision), decision=decision)
        for view in markets
        for decision in [_decide_one(cycle, state, view)]
    )
    log = get_run_logger()
    for item in decided:
        log.info("%s decides %s %s: %s", cycle.account.id, item.decision.action,
                 cycle.assets.of(item.decision.symbol), item.decision.rationale)  # fmt: skip
    return decided


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


def _store(cycle: Cycle, view: MarketView, decision: TradeDecision) -> UUID:
    with store_engine().begin() as conn:
        return save_decision(
            conn,
            cycle_id=cycle.id,
            account_id=cycle.account.id,
            decision=decision,
            asset=view.instrument.base,
            decided_at=cycle.as_of,
            reference_price=view.quote.last,
        )
