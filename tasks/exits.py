"""Ways out, before any way in: due exits, the stop of every open position, orphan orders."""

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
from tasks.setbacks import Setbacks
from trading.exits.checks import check_exit
from trading.instruments import Instrument
from trading.ports import Holding


@task(name="manage_exits", **ONCE)
async def manage_exits(cycle: Cycle, state: AccountState, markets: Markets) -> AccountState:
    """Exit, protect, sweep; returns the account as it is afterwards.

    Every position has its turn, then the orphans: the first error is raised when all are through.
    """
    with store_engine().connect() as conn:
        trades = {t.trade.symbol: t for t in load_open_trades(conn, cycle.account.id)}
    instruments = {i.symbol: i for i in await market_of(cycle.arena).instruments()}
    setbacks = Setbacks(cycle)
    has_changed = False
    for held in state.positions:
        symbol = held.position.symbol
        with setbacks.survived(f"looking after {symbol}"):
            instrument, view = instruments[symbol], markets.views.get(symbol)
            review = review_position(
                cycle, held, trades.get(symbol), instrument, view, state.open_orders
            )
            seen = Holding(position=held, open_orders=state.open_orders)
            has_changed |= await _left(cycle, instrument, review, seen)
    with setbacks.survived("sweeping orphans"):
        has_changed |= await sweep_orphans(cycle) > 0
    setbacks.raise_first()
    return await reconcile(cycle) if has_changed else state


async def _left(cycle: Cycle, instrument: Instrument, review: Review, seen: Holding) -> bool:
    """Whether the position was closed: it was due, or could not be protected."""
    if await _leave_if_due(cycle, review):
        return True
    if not cycle.account.limits.requires_stop:
        return False
    return not await protect(cycle, instrument, review.levels, decision_id=None, seen=seen)


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
