"""Ways out, before any way in: orphan orders, due exits, and the stop of every open position."""

from __future__ import annotations

from prefect import task

from adapters.store.trades import load_open_trades, set_close_reason
from tasks.account_state import AccountState, reconcile
from tasks.closing import flatten, sweep_orphans
from tasks.cycle import Cycle
from tasks.exit_review import Review, review_position
from tasks.market import Markets
from tasks.options import ONCE
from tasks.protection import protect
from tasks.resources import market_of, store_engine
from tasks.run_log import run_log
from trading.exits.checks import check_exit
from trading.ports import Holding


@task(name="manage_exits", **ONCE)
async def manage_exits(cycle: Cycle, state: AccountState, markets: Markets) -> AccountState:
    """Sweep, exit, protect; returns the account as it is afterwards."""
    with store_engine().connect() as conn:
        trades = {t.trade.symbol: t for t in load_open_trades(conn, cycle.account.id)}
    instruments = {i.symbol: i for i in await market_of(cycle.arena).instruments()}
    has_changed = await sweep_orphans(cycle) > 0
    for held in state.positions:
        symbol = held.position.symbol
        instrument = instruments[symbol]
        view = markets.views.get(symbol)
        review = review_position(
            cycle, held, trades.get(symbol), instrument, view, state.open_orders
        )
        left = await _leave_if_due(cycle, review)
        if not left and cycle.account.limits.requires_stop:
            left = not await protect(
                cycle,
                instrument,
                review.levels,
                decision_id=None,
                seen=Holding(position=held, open_orders=state.open_orders),
            )
        has_changed = has_changed or left
    return await reconcile(cycle) if has_changed else state


async def _leave_if_due(cycle: Cycle, review: Review) -> bool:
    decision = check_exit(review.exits)
    if decision is None:
        return False
    run_log().info("%s leaves %s: %s", cycle.account.id, decision.symbol, decision.sentence)
    with store_engine().begin() as conn:
        set_close_reason(conn, cycle.account.id, decision.symbol, decision.reason.value)
    await flatten(
        cycle,
        decision.symbol,
        code=decision.reason.value,
        sentence=decision.sentence,
        decision_id=None,
    )
    return True
