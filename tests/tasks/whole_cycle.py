"""All steps of a cycle one after another, without Prefect and without the card, which Prefect keeps."""

from __future__ import annotations

from tasks.account_state import reconcile_account
from tasks.cycle import Cycle, claim_slot, holding_lease
from tasks.decide import decide
from tasks.exits import manage_exits
from tasks.market import Markets, compute_indicators, fetch_klines
from tasks.metrics import snapshot_metrics
from tasks.placing import place_orders
from tasks.risk import check_risk
from tasks.settling import resolve_unknown_orders


async def run_cycle(account_id: str) -> Markets:
    """One cycle as `flows.trade_account` orders it; the market that it saw."""
    cycle = await claim_slot.fn(account_id)
    assert isinstance(cycle, Cycle), cycle
    async with holding_lease(cycle):
        await resolve_unknown_orders.fn(cycle)
        before = await reconcile_account.fn(cycle)
        markets = await fetch_klines.fn(cycle)
        await compute_indicators.fn(cycle, markets)
        state = await manage_exits.fn(cycle, before, markets)
        decisions = await decide.fn(cycle, state, markets)
        approved = await check_risk.fn(cycle, state, markets, decisions)
        await place_orders.fn(cycle, state, markets, approved)
        await snapshot_metrics.fn(cycle, await reconcile_account.fn(cycle))
    return markets
