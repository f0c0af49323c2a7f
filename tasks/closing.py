"""Ways to nothing: a position closed at market until it is flat, and orders that protect nothing.

A close is reduce-only, never more than the account's own part, and never larger than the venue takes
at once; what protects the position is taken away only when it is gone (costly bugs 6, 10, 11).
"""

from __future__ import annotations

import asyncio
from decimal import Decimal
from uuid import UUID

from adapters.store.alerts import AlertSeverity, clear_alert, raise_alert
from adapters.store.intents import without_outcome
from tasks.cycle import Cycle
from tasks.holdings import own_holding
from tasks.orders import Submitted, Wish, cancel, submit
from tasks.own_record import own_record, own_records
from tasks.reading_back import settled_holding
from tasks.resources import market_of, store_engine
from tasks.run_log import run_log
from tasks.setbacks import Setbacks
from tasks.story import tell_alarm, tell_exit
from tasks.venues import venue_of
from trading.account import Mode
from trading.exits.protection import plan_orphan_sweep
from trading.orders import IntentState, Leg, OrderType
from trading.ports import VenuePosition
from trading.units import ZERO

CLOSE_ATTEMPTS = 5
"""Orders of one close that were not filled whole, and readings that lag behind it, before it is told."""
NOTHING_TO_REDUCE = -2022
"""Aster's code for a reduce-only order without a position."""
READ_SECONDS = 10.0
"""For one reading of what is left."""
NOT_SENT_PAUSE_SECONDS = 1.0
"""Before the next attempt, where nothing was sent."""
DECISION = "decision"
"""Code of a close that the agent has decided."""
NOT_CLOSED = "position_not_closed"
"""Alert: cleared by the next close that ends flat."""


async def flatten(
    cycle: Cycle, symbol: str, *, code: str, sentence: str, decision_id: UUID | None
) -> None:
    """Close a position at market until it is flat, then sweep what rested for it."""
    with store_engine().begin() as conn:
        tell_exit(conn, cycle, symbol, code=code, sentence=sentence)
    is_flat = await _close(cycle, symbol, code, decision_id)
    if is_flat is None:
        return  # only the venue may end it; the stop still rests
    if is_flat:
        with store_engine().begin() as conn:
            clear_alert(conn, code=NOT_CLOSED, account_id=cycle.account.id, at=cycle.as_of)
    else:
        _tell_not_closed(cycle, symbol)
    # What others hold in the same position keeps nothing of ours in place.
    await sweep_orphans(cycle, closed=symbol if is_flat else None)


async def _close(cycle: Cycle, symbol: str, code: str, decision_id: UUID | None) -> bool | None:
    """Whether nothing of ours is left; None: an order's outcome is not known."""
    at_once = await _most_at_once(cycle, symbol)
    unsent: Decimal | None = None
    attempts, is_refused_as_flat = 0, False
    while attempts < CLOSE_ATTEMPTS:
        held = await _held(cycle, symbol, believes_list=is_refused_as_flat)
        if held is None:
            return True
        own = abs(held.position.quantity)
        # What is sold is not sold again because a list still shows it: of a netted position the
        # second sale would be somebody else's, and reduce-only does not refuse it.
        unsent = own if unsent is None else unsent
        quantity = min(own, unsent) if at_once is None else min(own, unsent, at_once)
        if quantity == ZERO:
            attempts += 1
            await asyncio.sleep(NOT_SENT_PAUSE_SECONDS)
            continue
        result = await submit(cycle, _way_out(held, quantity, code, decision_id))
        if result.state is IntentState.UNKNOWN:
            return None
        is_refused_as_flat = result.code == NOTHING_TO_REDUCE
        taken = _taken(result, quantity)
        unsent -= taken
        # A whole part of what the venue does not take at once is progress; all else is an attempt.
        attempts += taken < quantity
        if result.was_not_sent:
            await asyncio.sleep(NOT_SENT_PAUSE_SECONDS)
    return False


async def _held(cycle: Cycle, symbol: str, *, believes_list: bool) -> VenuePosition | None:
    """What is ours of it now; right after an order of ours by its answer, where the list is late.

    Unless a close was refused because there is nothing to reduce: then a list that calls it flat is
    not late, our stop has fired.
    """
    has_just_traded = not believes_list and bool(own_record(cycle, symbol).recent)
    if not has_just_traded:
        return (await own_holding(cycle, symbol)).position
    deadline = asyncio.get_running_loop().time() + READ_SECONDS
    return (await settled_holding(cycle, symbol, deadline)).position


def _way_out(held: VenuePosition, quantity: Decimal, code: str, decision_id: UUID | None) -> Wish:
    return Wish(
        symbol=held.position.symbol,
        leg=Leg.EXIT,
        side=held.position.exit_side,
        order_type=OrderType.MARKET,
        quantity=quantity,
        reference_price=held.mark,
        decision_id=decision_id,
        # A decision names itself by its leg.
        exit_code=None if code == DECISION else code,
    )


def _taken(result: Submitted, quantity: Decimal) -> Decimal:
    """How much of an order (base) has closed something, or may still do so."""
    if result.order is None:
        return ZERO
    return quantity if result.order.status.is_open else result.order.filled_quantity


async def sweep_orphans(cycle: Cycle, *, closed: str | None = None) -> int:
    """Cancel our resting orders in symbols that hold nothing any more, before any new entry.

    `closed` is a symbol in which nothing of ours is left, whatever others hold. Returns how many
    there were. All are tried; raises the first error of a cancel afterwards.
    """
    account = await venue_of(cycle).account()
    listed = {item.position.symbol for item in account.positions}
    held = _held_by_us(cycle, listed, closed)
    orphans = plan_orphan_sweep(held, account.open_orders)
    setbacks = Setbacks(cycle)
    for action in orphans:
        name = action.order.request.client_order_id
        run_log().info("%s: order %s is taken away, %s.", cycle.account.id, name, action.reason)
        with setbacks.survived(f"cancel of {name}"):
            await cancel(cycle, action.order)
    setbacks.raise_first()
    return len(orphans)


def _held_by_us(cycle: Cycle, listed: set[str], closed: str | None) -> set[str]:
    """Symbols in which orders of ours have something to protect.

    By our own evidence, not by the list: one that is late calls flat what a stop rests for, and one
    that shows what others hold makes our left-over stop an order against them.
    """
    if cycle.account.mode is Mode.PAPER:
        return listed - {closed}
    with store_engine().connect() as conn:
        records = own_records(conn, cycle)
        unclear = without_outcome(conn, cycle.account.id)
    held = {symbol for symbol, each in records.items() if each.quantity != ZERO}
    return (held - {closed}) | unclear.keys()


async def _most_at_once(cycle: Cycle, symbol: str) -> Decimal | None:
    """Largest market order of the instrument (base); None where nothing is known of it."""
    instruments = await market_of(cycle.arena).instruments()
    return next((i.max_market_quantity for i in instruments if i.symbol == symbol), None)


def _tell_not_closed(cycle: Cycle, symbol: str) -> None:
    sentence = (
        f"{symbol} of {cycle.account.id} could not be closed in {CLOSE_ATTEMPTS} attempts; what"
        " protects it stays, and the next look tries again"
    )
    run_log().error("%s.", sentence)
    with store_engine().begin() as conn:
        tell_alarm(conn, cycle, symbol, sentence)
        raise_alert(
            conn,
            code=NOT_CLOSED,
            severity=AlertSeverity.CRITICAL,
            sentence=f"{sentence}.",
            account_id=cycle.account.id,
            at=cycle.as_of,
        )
