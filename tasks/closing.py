"""Ways to nothing: a position closed at market until it is flat, and orders that protect nothing.

A close is reduce-only, never more than the account's own part, and never larger than the venue takes
at once; what protects the position is taken away only when it is gone (costly bugs 6, 10, 11).
"""

from __future__ import annotations

import asyncio
from decimal import Decimal
from uuid import UUID

from adapters.store.alerts import AlertSeverity, clear_alert, raise_alert
from tasks.cycle import Cycle
from tasks.holdings import own_holding
from tasks.orders import Wish, cancel, submit
from tasks.resources import market_of, store_engine
from tasks.run_log import run_log
from tasks.story import tell_alarm, tell_exit
from tasks.venues import venue_of
from trading.exits.protection import plan_orphan_sweep
from trading.orders import IntentState, Leg, OrderType
from trading.ports import VenueAccount

CLOSE_ATTEMPTS = 5
"""A close that fills in parts, or that could not be sent, is tried again at most this often."""
NOT_SENT_PAUSE_SECONDS = 1.0
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
    at_once = await _most_at_once(cycle, symbol)
    attempts = 0
    while attempts < CLOSE_ATTEMPTS:
        held = (await own_holding(cycle, symbol)).position
        if held is None:
            with store_engine().begin() as conn:
                clear_alert(conn, code=NOT_CLOSED, account_id=cycle.account.id, at=cycle.as_of)
            break
        quantity = abs(held.position.quantity)
        # A part that the venue's own limit makes of a large position is progress, not an attempt.
        attempts += at_once is None or quantity <= at_once
        result = await submit(
            cycle,
            Wish(
                symbol=symbol,
                leg=Leg.EXIT,
                side=held.position.exit_side,
                order_type=OrderType.MARKET,
                quantity=quantity if at_once is None else min(quantity, at_once),
                reference_price=held.mark,
                decision_id=decision_id,
                # A decision names itself by its leg.
                exit_code=None if code == DECISION else code,
            ),
        )
        if result.state is IntentState.UNKNOWN:
            return  # only the venue may end it; the stop still rests
        if result.order is None:
            attempts += at_once is not None and quantity > at_once
        if result.was_not_sent:
            await asyncio.sleep(NOT_SENT_PAUSE_SECONDS)
    else:
        _tell_not_closed(cycle, symbol)
    await sweep_orphans(cycle)


async def sweep_orphans(cycle: Cycle, seen: VenueAccount | None = None) -> int:
    """Cancel our resting orders in symbols that hold nothing any more, before any new entry.

    Returns how many there were.
    """
    account = await venue_of(cycle).account() if seen is None else seen
    held = [item.position.symbol for item in account.positions]
    orphans = plan_orphan_sweep(held, account.open_orders)
    for action in orphans:
        run_log().info("%s: order %s is taken away, %s.", cycle.account.id,
                              action.order.request.client_order_id, action.reason)  # fmt: skip
        await cancel(cycle, action.order)
    return len(orphans)


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
