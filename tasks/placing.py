"""Carry out what risk approved: entry, then its stop, then its target, each read back.

Never retried: a submit that ended without an answer is settled by the next cycle's query. The
stop's level is stored with the decision before the entry is sent, so a process that dies between
fill and stop leaves enough behind for the next cycle to protect the position first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prefect import task

from adapters.store.intents import StoredIntent, load_unsettled
from adapters.store.trades import load_open_trades, set_trade_levels
from tasks.account_state import AccountState
from tasks.closing import DECISION, flatten
from tasks.cycle import Cycle
from tasks.groups import submit_group
from tasks.market import Markets
from tasks.options import ONCE
from tasks.orders import Submitted, Wish, stop_if_barred, submit
from tasks.protection import Levels, protect
from tasks.resources import store_engine
from tasks.risk import Approval
from tasks.run_log import run_log
from tasks.setbacks import Setbacks
from tasks.story import money, tell_alarm, tell_entry
from tasks.venues import venue_of
from trading.account import Mode
from trading.errors import OrderRejected, VenueError
from trading.exits.invalidation.plan import render_conditions
from trading.exits.plan import tighter_stop
from trading.exits.protection import wanted_protection
from trading.market import MarketView
from trading.orders import IntentState, Leg, OrderType
from trading.positions import MarginMode
from trading.risk.verdict import Approved
from trading.units import ZERO


@task(name="place_orders", **ONCE)
async def place_orders(
    cycle: Cycle, state: AccountState, markets: Markets, approvals: tuple[Approval, ...]
) -> int:
    """Closes first, then entries with their protection; returns how many entries were filled.

    Every close has its turn; after one that failed nothing is entered, and its error is raised.
    """
    setbacks = Setbacks(cycle)
    for approval in approvals:
        decision = approval.decided.decision
        if approval.verdict is None and state.position(decision.symbol):
            with setbacks.survived(f"closing {decision.symbol}"):
                await flatten(
                    cycle,
                    decision.symbol,
                    code=DECISION,
                    sentence=decision.rationale,
                    decision_id=approval.decided.id,
                )
    setbacks.raise_first()
    filled = 0
    for approval in approvals:
        if approval.verdict is not None:
            view = markets.views[approval.verdict.symbol]
            if not await _is_ready(cycle, state, approval.verdict):
                continue
            filled += await _enter(cycle, view, approval, approval.verdict)
    return filled


async def _is_ready(cycle: Cycle, state: AccountState, verdict: Approved) -> bool:
    """Whether the venue can protect the entry, and has its leverage and margin mode."""
    venue, symbol = venue_of(cycle), verdict.symbol
    try:
        problem = await venue.can_stop(symbol) if cycle.account.limits.requires_stop else None
        # An addition keeps the leverage its position has: the venue refuses another one.
        if problem is None and state.position(symbol) is None:
            if cycle.account.mode is Mode.LIVE:
                await venue.set_margin_mode(symbol, MarginMode.ISOLATED)
            await venue.set_leverage(symbol, verdict.leverage)
    except VenueError as error:
        if isinstance(error, OrderRejected):
            stop_if_barred(cycle, error)
        problem = f"stop, leverage {verdict.leverage} and isolated margin are not certain: {error}"
    if problem is not None:
        run_log().warning("%s %s: no entry, %s.", cycle.account.id, symbol, problem)
        with store_engine().begin() as conn:
            tell_alarm(conn, cycle, symbol, f"no entry: {problem}")
    return problem is None


async def _enter(cycle: Cycle, view: MarketView, approval: Approval, verdict: Approved) -> bool:
    entry = await _send(cycle, view, approval, verdict)
    # Protection follows what is held, not what was answered: an unknown entry may have filled. An
    # entry that certainly did not fill leaves the levels of the position as they are.
    try:
        if not _certainly_unfilled(entry):
            await protect(
                cycle,
                view.instrument,
                _levels_after(cycle, approval, verdict),
                decision_id=approval.decided.id,
            )
    finally:
        _write(cycle, approval, verdict, entry)
    return entry.state is IntentState.FILLED


async def _send(cycle: Cycle, view: MarketView, approval: Approval, verdict: Approved) -> Submitted:
    """The entry alone, or with its exits in one message where the account and its venue say so."""
    wish = Wish(
        symbol=verdict.symbol,
        leg=Leg.ENTRY,
        side=verdict.side,
        order_type=OrderType.MARKET,
        quantity=verdict.quantity,
        reference_price=verdict.price,
        decision_id=approval.decided.id,
    )
    if verdict.stop_price is None or not venue_of(cycle).takes_groups:
        return await submit(cycle, wish)
    exits = [
        Wish(
            symbol=verdict.symbol,
            leg=each.leg,
            side=each.side,
            order_type=each.order_type,
            quantity=each.quantity,
            reference_price=verdict.price,
            stop_price=each.stop_price,
            decision_id=approval.decided.id,
        )
        for each in wanted_protection(
            verdict.quantity * verdict.side.sign,
            stop_price=verdict.stop_price,
            take_profit_price=verdict.take_profit_price,
            instrument=view.instrument,
        )
    ]
    return await submit_group(cycle, wish, exits) if exits else await submit(cycle, wish)


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


def _write(cycle: Cycle, approval: Approval, verdict: Approved, entry: Submitted) -> None:
    with store_engine().begin() as conn:
        # As the venue has answered it: another reading could fail, and take the diary's row with it.
        resting = [
            each
            for each in load_unsettled(conn, cycle.account.id)
            if each.intent.request.symbol == verdict.symbol and each.state is IntentState.OPEN
        ]
        tell_entry(
            conn,
            cycle,
            decision_id=approval.decided.id,
            intent_id=entry.intent_id,
            entry=_diary_entry(cycle, approval, verdict, entry, resting),
        )


def _diary_entry(
    cycle: Cycle,
    approval: Approval,
    verdict: Approved,
    entry: Submitted,
    resting: Sequence[StoredIntent],
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
        "tp_oid": _number_of(resting, Leg.TARGET),
        "sl_price": money(verdict.stop_price),
        "sl_oid": _number_of(resting, Leg.STOP),
        "exit_plan": decision.exit_plan,
        "exit_conditions": list(render_conditions(decision.exit_conditions)),
        "rationale": decision.rationale,
        "order_result": "success" if entry.state is IntentState.FILLED else entry.state.value,
        "opened_at": cycle.as_of.isoformat(),
        "filled": entry.state is IntentState.FILLED,
    }


def _number_of(resting: Sequence[StoredIntent], leg: Leg) -> str | None:
    """The venue's number of the newest order of a leg."""
    return next((e.venue_order_id for e in reversed(resting) if e.intent.leg is leg), None)
