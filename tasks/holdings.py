"""The account's own position in one symbol as it is now, read from the venue and never remembered.

A list that lacks an order of ours is no proof that it is gone: what we believe to rest is asked for
by its id before anything is placed in its stead, and a venue that hides it is told of (costly bugs,
row 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from adapters.store.alerts import AlertSeverity, clear_alert, raise_alert
from adapters.store.intents import load_unsettled
from tasks.live_venue import foreign_quantity
from tasks.resources import store_engine
from tasks.run_log import run_log
from tasks.settling import note_answer
from tasks.venues import venue_of
from trading.account import Mode
from trading.errors import VenueError
from trading.orders import IntentState, Leg, Order
from trading.ports import Holding, VenuePosition
from trading.units import ZERO

if TYPE_CHECKING:
    from tasks.cycle import Cycle

HIDDEN_ORDER = "protection_hidden"
_PROTECTION = (Leg.STOP, Leg.TARGET)


async def own_holding(cycle: Cycle, symbol: str) -> Holding:
    """What the account itself holds; what others hold in the same netted position is left out."""
    holding = await venue_of(cycle).holding(symbol)
    if cycle.account.mode is Mode.PAPER:
        return holding
    hidden = await _hidden(cycle, symbol, holding.open_orders)
    foreign = foreign_quantity(cycle, symbol)
    held = holding.position
    return Holding(
        position=held if held is None or foreign == ZERO else _without(held, foreign),
        open_orders=(*holding.open_orders, *hidden),
    )


async def _hidden(cycle: Cycle, symbol: str, listed: Sequence[Order]) -> list[Order]:
    """Protection of ours that rests by its id, and that the venue's list leaves out."""
    ids = {order.request.client_order_id for order in listed}
    with store_engine().connect() as conn:
        unsettled = load_unsettled(conn, cycle.account.id)
    hidden: list[Order] = []
    for stored in unsettled:
        request = stored.intent.request
        is_missing = request.symbol == symbol and request.client_order_id not in ids
        if not is_missing or stored.state is IntentState.PLANNED:
            continue
        if stored.intent.leg not in _PROTECTION:
            continue
        try:
            order = await venue_of(cycle).order_by_client_id(symbol, request.client_order_id)
        except VenueError as error:
            if foreign_quantity(cycle, symbol) != ZERO:
                raise  # a second stop could sell what others hold
            # Two stops are better than none: alone in it, neither can turn the position.
            run_log().warning("%s: order %s is not listed and cannot be asked for: %s",
                              cycle.account.id, request.client_order_id, error)  # fmt: skip
            continue
        if order is not None and order.status.is_open:
            hidden.append(order)
        elif order is not None:
            # It has ended: what it executed belongs to what is believed of the position.
            note_answer(cycle, stored, order)
    tell_hidden(cycle, symbol, hidden)
    return hidden


def tell_hidden(cycle: Cycle, symbol: str, hidden: Sequence[Order]) -> None:
    """Raise the alert of orders that the venue's list leaves out, or clear it when there are none."""
    code = f"{HIDDEN_ORDER}_{symbol.lower()}"
    account_id = cycle.account.id
    with store_engine().begin() as conn:
        if not hidden:
            clear_alert(conn, code=code, account_id=account_id, at=cycle.as_of)
            return
        names = ", ".join(order.request.client_order_id for order in hidden)
        sentence = (
            f"The venue does not list {names} of {account_id} in {symbol}, and says by its id that"
            " it rests; no second one is placed. Look at the venue's own page."
        )
        raise_alert(
            conn,
            code=code,
            severity=AlertSeverity.CRITICAL,
            sentence=sentence,
            account_id=account_id,
            at=cycle.as_of,
        )
    run_log().error("%s", sentence)


def _without(held: VenuePosition, foreign: Decimal) -> VenuePosition | None:
    own = held.position.quantity - foreign
    if own == ZERO or (own > ZERO) != (held.position.quantity > ZERO):
        return None
    return replace(held, position=replace(held.position, quantity=own))
