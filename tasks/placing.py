"""Carry out what risk approved: entry, then its stop, then its target, each read back.

Never retried: a submit that ended without an answer is settled by the next cycle's query. The
stop's level is stored with the decision before the entry is sent, so a process that dies between
fill and stop leaves enough behind for the next cycle to protect the position first.
"""

from __future__ import annotations

from typing import Any

from prefect import get_run_logger, task

from adapters.store.trades import load_open_trades, set_trade_levels
from tasks.account_state import AccountState
from tasks.cycle import Cycle
from tasks.market import Markets
from tasks.options import ONCE
from tasks.orders import Submitted, Wish, submit
from tasks.protection import Levels, flatten, protect
from tasks.resources import store_engine, venue_of
from tasks.risk import Approval
from tasks.story import money, tell_entry
from trading.errors import VenueError
from trading.exits.invalidation.plan import render_conditions
from trading.exits.plan import tighter_stop
from trading.market import MarketView
from trading.orders import IntentState, Leg, Order, OrderType
from trading.risk.verdict import Approved
from trading.units import ZERO


@task(name="place_orders", **ONCE)
async def place_orders(
    cycle: Cycle, state: AccountState, markets: Markets, approvals: tuple[Approval, ...]
) -> int:
    """Closes first, then entries with their protection; returns how many entries were filled."""
    for approval in approvals:
        if approval.verdict is None and state.position(approval.decided.decision.symbol):
            await flatten(
                cycle,
                approval.decided.decision.symbol,
                code="decision",
                sentence=approval.decided.decision.rationale,
                decision_id=approval.decided.id,
            )
    filled = 0
    for approval in approvals:
        if approval.verdict is not None:
            view = markets.views[approval.verdict.symbol]
            # An addition keeps the leverage its position has: the venue refuses another one.
            if state.position(approval.verdict.symbol) is None and not await _leverage_is_set(
                cycle, approval.verdict
            ):
                continue
            filled += await _enter(cycle, view, approval, approval.verdict)
    return filled


async def _leverage_is_set(cycle: Cycle, verdict: Approved) -> bool:
    try:
        await venue_of(cycle).set_leverage(verdict.symbol, verdict.leverage)
    except VenueError as error:
        get_run_logger().warning(
            "%s %s: no entry, leverage %d could not be set: %s.",
            cycle.account.id, verdict.symbol, verdict.leverage, error,
        )  # fmt: skip
        return False
    return True


async def _enter(cycle: Cycle, view: MarketView, approval: Approval, verdict: Approved) -> bool:
    entry = await submit(
        cycle,
        Wish(
            symbol=verdict.symbol,
            leg=Leg.ENTRY,
            side=verdict.side,
            order_type=OrderType.MARKET,
            quantity=verdict.quantity,
            reference_price=verdict.price,
            decision_id=approval.decided.id,
        ),
    )
    # Protection follows what is held, not what was answered: an unknown entry may have filled. An
    # entry that certainly did not fill leaves the levels of the position as they are.
    if not _certainly_unfilled(entry):
        await protect(
            cycle,
            view.instrument,
            _levels_after(cycle, approval, verdict),
            decision_id=approval.decided.id,
        )
    await _write(cycle, approval, verdict, entry)
    return entry.state is IntentState.FILLED


def _certainly_unfilled(entry: Submitted) -> bool:
    ended = entry.state in (IntentState.REFUSED, IntentState.CLOSED)
    return ended and (entry.order is None or entry.order.filled_quantity == ZERO)


def _levels_after(cycle: Cycle, approval: Approval, verdict: Approved) -> Levels:
    """The verdict's levels; an addition to a position never loosens the stop it already has."""
    with store_engine().begin() as conn:
        open_trades = {t.trade.symbol: t for t in load_open_trades(conn, cycle.account.id)}
        trade = open_trades.get(verdict.symbol)
        if trade is not None and trade.trade.direction.entry_side is not verdict.side:
            trade = None  # turned round: the levels of the other direction mean nothing here
        stop = tighter_stop(
            verdict.side, verdict.stop_price, None if trade is None else trade.stop_price
        )
        if trade is not None:
            set_trade_levels(
                conn,
                cycle.account.id,
                verdict.symbol,
                stop,
                verdict.take_profit_price,
                approval.decided.decision.exit_plan,
                exit_conditions=render_conditions(approval.decided.decision.exit_conditions),
            )
    return Levels(stop=stop, target=verdict.take_profit_price)


async def _write(cycle: Cycle, approval: Approval, verdict: Approved, entry: Submitted) -> None:
    orders = [o for o in await venue_of(cycle).open_orders() if o.symbol == verdict.symbol]
    with store_engine().begin() as conn:
        tell_entry(
            conn,
            cycle,
            decision_id=approval.decided.id,
            intent_id=entry.intent_id,
            entry=_diary_entry(cycle, approval, verdict, entry, orders),
        )


def _diary_entry(
    cycle: Cycle, approval: Approval, verdict: Approved, entry: Submitted, orders: list[Order]
) -> dict[str, Any]:
    """The fields of seed 002 section 5.2, in its order."""
    decision = approval.decided.decision
    amount = entry.order.filled_quantity if entry.order else ZERO
    return {
        "timestamp": cycle.as_of.isoformat(),
        "asset": cycle.assets.of(verdict.symbol),
        "action": decision.action.value,
        "allocation_usd": money(verdict.notional),
        "amount": money(amount),
        "entry_price": money(entry.order.average_price) if entry.order else None,
        "tp_price": money(verdict.take_profit_price),
        "tp_oid": _resting(orders, OrderType.TAKE_PROFIT_MARKET),
        "sl_price": money(verdict.stop_price),
        "sl_oid": _resting(orders, OrderType.STOP_MARKET),
        "exit_plan": decision.exit_plan,
        "exit_conditions": list(render_conditions(decision.exit_conditions)),
        "rationale": decision.rationale,
        "order_result": "success" if entry.state is IntentState.FILLED else entry.state.value,
        "opened_at": cycle.as_of.isoformat(),
        "filled": entry.state is IntentState.FILLED,
    }


def _resting(orders: list[Order], order_type: OrderType) -> str | None:
    return next((o.venue_order_id for o in orders if o.request.order_type is order_type), None)
