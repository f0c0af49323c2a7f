"""One trading cycle of one account: the order of the steps, and nothing else.

Each step is a task of `tasks/`; each leaves its own record. A run whose slot is taken, too late or
not wanted ends as *Skipped* with its reason.
"""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from tasks.account_state import reconcile_account
from tasks.card import publish_card
from tasks.cycle import Skip, claim_slot, holding_lease
from tasks.decide import decide
from tasks.exits import manage_exits
from tasks.market import compute_indicators, fetch_klines
from tasks.metrics import snapshot_metrics
from tasks.placing import place_orders
from tasks.risk import check_risk
from tasks.settling import resolve_unknown_orders
from tasks.time_limits import limited_cycle


@flow(name="trade-account", persist_result=False)
async def trade_account(account_id: str) -> State[None]:
    """Reconcile, look, decide, check, trade, reconcile, tell. See docs/tour.md."""
    cycle = await claim_slot(account_id)
    if isinstance(cycle, Skip):
        return Completed(name="Skipped", message=cycle.sentence)
    async with holding_lease(cycle), limited_cycle():
        await resolve_unknown_orders(cycle)
        before = await reconcile_account(cycle)
        markets = await fetch_klines(cycle)
        await compute_indicators(cycle, markets)
        after_exits = await manage_exits(cycle, before, markets)
        decisions = await decide(cycle, after_exits, markets)
        approved = await check_risk(cycle, after_exits, markets, decisions)
        await place_orders(cycle, after_exits, markets, approved)
        after = await reconcile_account(cycle)
        await snapshot_metrics(cycle, after)
        await publish_card(cycle, before, after, decisions)
    return Completed(message=f"cycle {cycle.id} of slot {cycle.slot:%Y-%m-%d %H:%M} UTC done")
