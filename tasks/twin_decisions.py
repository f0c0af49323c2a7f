"""What a paper twin decides: what its live original decided in the same slot, and nothing of its own.

Both cycles begin in the same second, so the twin waits until the original's decisions are stored.
No strategy is computed and no model is asked.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from adapters.store.decisions import NewDecision
from adapters.store.twins import OriginalDecision, OriginalTurn, load_turn
from tasks.account_state import AccountState
from tasks.cycle import Cycle
from tasks.market import Markets
from tasks.resources import store_engine
from trading.blend.needs import strategies_of
from trading.decision.repeat import hold_of_twin, repeat_decision

POLL_SECONDS = 0.5
WAIT_SECONDS = 25.0
"""Below the time that a decision may take (NFR-001), since the original needs it first."""


async def repeat_original(
    cycle: Cycle, original_id: str, state: AccountState, markets: Markets
) -> list[NewDecision]:
    """The original's decisions with the twin's sizes; a hold per instrument when none came."""
    turn = await _wait_for(cycle, original_id)
    if turn.decisions:
        return [_repeated(cycle, original_id, state, markets, each) for each in turn.decisions]
    why = turn.why_none or "none of its decisions came in time"
    return [
        NewDecision(
            decision=hold_of_twin(view.symbol, original_id=original_id, why=why),
            asset=view.instrument.base,
            reference_price=view.quote.last,
        )
        for view in markets
    ]


async def _wait_for(cycle: Cycle, original_id: str) -> OriginalTurn:
    """Until there are decisions, until none can come, or until the time is over."""
    # A benchmark without a stop says so in the catalogue, not in its rows.
    takes_stop = all(strategy.takes_stop for strategy in strategies_of(cycle.account))
    loop = asyncio.get_running_loop()
    until = loop.time() + wait_seconds(cycle)
    while True:
        with store_engine().connect() as conn:
            turn = load_turn(conn, original_id, cycle.slot, takes_stop=takes_stop)
        left = until - loop.time()
        if turn.decisions or turn.why_none is not None or left <= 0:
            return turn
        await asyncio.sleep(min(POLL_SECONDS, left))


def wait_seconds(cycle: Cycle) -> float:
    """Half the account's real interval at most, since a later decision is stale."""
    half = cycle.arena.clock.real_length(cycle.account.interval.length) / 2
    return min(WAIT_SECONDS, half / timedelta(seconds=1))


def _repeated(
    cycle: Cycle,
    original_id: str,
    state: AccountState,
    markets: Markets,
    original: OriginalDecision,
) -> NewDecision:
    view = markets.views.get(original.decision.symbol)
    return NewDecision(
        decision=repeat_decision(
            original.decision,
            original_id=original_id,
            original_equity=original.equity,
            own_equity=state.balance.equity,
            min_position_ratio=cycle.account.limits.min_position_ratio,
        ),
        asset=original.asset,
        # The price that the twin sees; of an instrument that it cannot see, the original's.
        reference_price=original.reference_price if view is None else view.quote.last,
        twin_decision_id=original.id,
    )
