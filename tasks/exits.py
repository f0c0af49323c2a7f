"""Ways out, before any way in: orphan orders, due exits, and the stop of every open position."""

from __future__ import annotations

from prefect import get_run_logger, task

from adapters.store.trades import StoredTrade, load_open_trades, set_close_reason, set_trade_levels
from tasks.account_state import AccountState, reconcile
from tasks.cycle import Cycle
from tasks.market import Markets
from tasks.options import ONCE
from tasks.protection import Levels, flatten, protect, sweep_orphans
from tasks.resources import market_of, store_engine
from trading.exits.checks import ExitView, check_exit
from trading.exits.plan import ExitPlan
from trading.market import MarketView
from trading.ports import VenuePosition
from trading.risk.level_checks import default_stop
from trading.risk.stop_distance import stop_atr


@task(name="manage_exits", **ONCE)
async def manage_exits(cycle: Cycle, state: AccountState, markets: Markets) -> AccountState:
    """Sweep, exit, protect; returns the account as it is afterwards."""
    with store_engine().connect() as conn:
        trades = {t.trade.symbol: t for t in load_open_trades(conn, cycle.account.id)}
    instruments = {i.symbol: i for i in await market_of(cycle.arena).instruments()}
    await sweep_orphans(cycle)
    closed = False
    for held in state.positions:
        symbol = held.position.symbol
        trade = trades.get(symbol)
        left = await _leave_if_due(cycle, held, trade, markets)
        if not left and cycle.account.limits.requires_stop:
            levels = _levels(cycle, held, trade, markets.views.get(symbol))
            left = not await protect(cycle, instruments[symbol], levels, decision_id=None)
        closed = closed or left
    return await reconcile(cycle) if closed else state


def _levels(
    cycle: Cycle, held: VenuePosition, trade: StoredTrade | None, view: MarketView | None
) -> Levels:
    """The trade's own levels; a stop that nobody knows becomes the account's default one."""
    stop = None if trade is None else trade.stop_price
    target = None if trade is None else trade.take_profit_price
    if stop is None and view is not None:
        stop = default_stop(
            held.position.direction.entry_side,
            view.quote.last,
            atr=stop_atr(view),
            multiple=cycle.account.limits.stop_atr_multiple,
            tick=view.instrument.tick_size,
        )
    with store_engine().begin() as conn:
        set_trade_levels(
            conn,
            cycle.account.id,
            held.position.symbol,
            stop,
            target,
            "" if trade is None else trade.exit_plan,
        )
    return Levels(stop=stop, target=target)


async def _leave_if_due(
    cycle: Cycle, held: VenuePosition, trade: StoredTrade | None, markets: Markets
) -> bool:
    position = held.position
    view = markets.views.get(position.symbol)
    holds_for_good = not cycle.account.limits.requires_stop
    exit_decision = check_exit(
        ExitView(
            plan=ExitPlan(
                symbol=position.symbol,
                opened_at=position.opened_at,
                direction=position.direction,
                entry_price=position.entry_price,
                stop_price=None if trade is None else trade.stop_price,
                take_profit_price=None if trade is None else trade.take_profit_price,
                time_to_live=None if holds_for_good else cycle.account.max_holding,
            ),
            position=position,
            price=None if view is None else view.quote.last,
            at=cycle.as_of,
        )
    )
    if exit_decision is None:
        return False
    get_run_logger().info(
        "%s leaves %s: %s", cycle.account.id, position.symbol, exit_decision.sentence
    )
    with store_engine().begin() as conn:
        set_close_reason(conn, cycle.account.id, position.symbol, exit_decision.reason.value)
    await flatten(
        cycle,
        position.symbol,
        code=exit_decision.reason.value,
        sentence=exit_decision.sentence,
        decision_id=None,
    )
    return True
