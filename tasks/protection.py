"""A position has its stop, read back from the venue, or it is closed. No third state.

Used after every entry and at the start of every cycle. Protection is added before it is taken
away, sized to what the venue really holds, and confirmed within `CONFIRM_SECONDS`; otherwise the
position is flattened and an alarm is raised (rules: section 4).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from adapters.store.trades import set_close_reason
from tasks.closing import NOT_SENT_PAUSE_SECONDS, flatten
from tasks.cycle import Cycle
from tasks.holdings import tell_hidden
from tasks.orders import Submitted, Wish, cancel, submit
from tasks.reading_back import read_back, settled_holding
from tasks.resources import store_engine
from tasks.run_log import run_log
from tasks.story import tell_alarm
from trading.exits.checks import ExitReason
from trading.exits.protection import (
    CancelOrder,
    PlaceProtection,
    ProtectionAction,
    is_protected,
    plan_protection,
)
from trading.instruments import Instrument
from trading.orders import IntentState, Leg, Order
from trading.ports import Holding, VenuePosition
from trading.units import plain

WOULD_TRIGGER = (-2021, -4142)
"""Aster's codes for a conditional order whose trigger the price has passed."""
CONFIRM_SECONDS = 10.0
NO_ROOM = (-2025, -4045)
"""Too many open or conditional orders: what is surplus makes room (costly bugs, Aster's list)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Where a position is to be stopped and taken; None where there is no such level."""

    stop: Decimal | None
    target: Decimal | None


@dataclass(frozen=True, slots=True)
class _Placed:
    """A piece of protection and what became of it."""

    action: PlaceProtection
    result: Submitted

    @property
    def rests(self) -> bool:
        return self.result.state in (IntentState.OPEN, IntentState.FILLED)

    @property
    def is_passed(self) -> bool:
        """The price is beyond its trigger already: its moment is now."""
        return self.result.code in WOULD_TRIGGER

    @property
    def refusal(self) -> str | None:
        """A reason when the order is known not to rest."""
        if self.result.state not in (IntentState.REFUSED, IntentState.CLOSED):
            return None
        level = plain(self.action.stop_price)
        return f"{self.action.leg} at {level} was refused: {self.result.reason}"


async def protect(
    cycle: Cycle,
    instrument: Instrument,
    levels: Levels,
    *,
    decision_id: UUID | None,
    seen: Holding | None = None,
) -> bool:
    """Bring the resting orders of one symbol in line with its position; False when it was closed.

    `seen` is a reading of this very moment: where it shows that all is as wanted, nothing is asked.
    """
    if seen is not None and _is_as_wanted(seen, levels, instrument):
        tell_hidden(cycle, instrument.symbol, ())
        return True
    deadline = asyncio.get_running_loop().time() + CONFIRM_SECONDS
    holding = await settled_holding(cycle, instrument.symbol, deadline)
    held, orders = holding.position, holding.open_orders
    if held is None:
        return False  # what rests for nothing is swept by whoever knows that nothing is held
    actions = _plan(holding, levels, instrument)
    done = await _carry_out(cycle, held, actions, decision_id, deadline)
    passed = next((each for each in done if each.is_passed), None)
    if passed is not None and passed.action.leg is Leg.TARGET:
        await _flatten_at_target(cycle, passed, decision_id)
        return False
    _tell_refused_target(cycle, done)
    if not cycle.account.limits.requires_stop:
        return True
    # What was read a moment ago confirms the stop as well, where nothing has been changed since.
    if not actions and is_protected(held.position, orders):
        return True
    refused = next((each for each in done if each.action.leg is Leg.STOP and each.refusal), None)
    rested = _still_resting(orders, actions)
    if refused is None and await _is_confirmed(cycle, held, rested, done, deadline):
        return True
    if refused is not None and not refused.is_passed and is_protected(held.position, orders):
        _tell_not_moved(cycle, refused)
        return True
    why = f"the stop was not confirmed within {CONFIRM_SECONDS:.0f} s"
    await _flatten_unprotected(
        cycle, instrument.symbol, (refused and refused.refusal) or why, decision_id
    )
    return False


def _plan(holding: Holding, levels: Levels, instrument: Instrument) -> tuple[ProtectionAction, ...]:
    held = holding.position
    return plan_protection(
        None if held is None else held.position,
        holding.open_orders,
        stop_price=levels.stop,
        take_profit_price=levels.target,
        instrument=instrument,
    )


def _is_as_wanted(seen: Holding, levels: Levels, instrument: Instrument) -> bool:
    held = seen.position
    return (
        held is not None
        and is_protected(held.position, seen.open_orders)
        and not _plan(seen, levels, instrument)
    )


async def _carry_out(
    cycle: Cycle,
    held: VenuePosition,
    actions: Sequence[ProtectionAction],
    decision_id: UUID | None,
    deadline: float,
) -> list[_Placed]:
    """Send what was planned, in its order; what became of each new order."""
    done: list[_Placed] = []
    stop_rests = True
    for action in actions:
        if isinstance(action, CancelOrder):
            # The old stop stays until a new one is known to rest; an unknown outcome is not that.
            if stop_rests:
                await cancel(cycle, action.order)
        else:
            result = await _place(cycle, action, held.mark, decision_id, deadline)
            if result.code in NO_ROOM and await _make_room(cycle, actions):
                result = await _place(cycle, action, held.mark, decision_id, deadline)
            placed = _Placed(action, result)
            done.append(placed)
            if action.leg is Leg.STOP:
                stop_rests = placed.rests
                if placed.is_passed:
                    break  # the position is closed at once; a target would only be in the way
    return done


async def _make_room(cycle: Cycle, actions: Sequence[ProtectionAction]) -> bool:
    """Take away surplus orders that stop nothing, before the new stop rests; whether there were."""
    surplus = [
        action.order
        for action in actions
        if isinstance(action, CancelOrder) and not action.order.request.order_type.is_stop
    ]
    for order in surplus:
        await cancel(cycle, order)
    return bool(surplus)


async def _place(
    cycle: Cycle,
    action: PlaceProtection,
    mark: Decimal,
    decision_id: UUID | None,
    deadline: float,
) -> Submitted:
    """Send it; what certainly did not leave the house is sent again while there is time."""
    wish = Wish(
        symbol=action.symbol,
        leg=action.leg,
        side=action.side,
        order_type=action.order_type,
        quantity=action.quantity,
        reference_price=mark,
        stop_price=action.stop_price,
        decision_id=decision_id,
    )
    while True:
        result = await submit(cycle, wish)
        is_late = asyncio.get_running_loop().time() + NOT_SENT_PAUSE_SECONDS > deadline
        if not result.was_not_sent or is_late:
            return result
        await asyncio.sleep(NOT_SENT_PAUSE_SECONDS)


def _still_resting(
    orders: Sequence[Order], actions: Sequence[ProtectionAction]
) -> tuple[Order, ...]:
    """What rested before, without what was to be taken away."""
    gone = {each.order.venue_order_id for each in actions if isinstance(each, CancelOrder)}
    return tuple(order for order in orders if order.venue_order_id not in gone)


async def _is_confirmed(
    cycle: Cycle,
    held: VenuePosition,
    rested: Sequence[Order],
    done: Sequence[_Placed],
    deadline: float,
) -> bool:
    """Read the protection back until it covers the position, or the time is over.

    A venue that answers orders and no reads leaves the word of its answers, and what it said before:
    then those are believed, and told of.
    """
    symbol = held.position.symbol
    covered = await read_back(cycle, symbol, deadline)
    if covered is not None:
        return covered
    stops = [each for each in done if each.action.leg is Leg.STOP]
    if not all(each.rests for each in stops):
        return False
    if not stops and not is_protected(held.position, rested):
        return False
    _tell_alarm(
        cycle, symbol, "the stop rests by the venue's answer, and could not be read back in time"
    )
    return True


def _tell_alarm(cycle: Cycle, symbol: str, sentence: str) -> None:
    run_log().error("%s %s: %s.", cycle.account.id, symbol, sentence)
    with store_engine().begin() as conn:
        tell_alarm(conn, cycle, symbol, sentence)


def _tell_refused_target(cycle: Cycle, done: Sequence[_Placed]) -> None:
    for each in done:
        if each.action.leg is Leg.TARGET and each.refusal:
            _tell_alarm(cycle, each.action.symbol, each.refusal)


def _tell_not_moved(cycle: Cycle, refused: _Placed) -> None:
    """The stops that were there before cover the position still: nothing was taken away."""
    sentence = f"the stop could not be moved, the old one stays: {refused.refusal}"
    _tell_alarm(cycle, refused.action.symbol, sentence)


async def _flatten_at_target(cycle: Cycle, passed: _Placed, decision_id: UUID | None) -> None:
    symbol, code = passed.action.symbol, ExitReason.TARGET.value
    level = plain(passed.action.stop_price)
    with store_engine().begin() as conn:
        set_close_reason(conn, cycle.account.id, symbol, code)
    sentence = f"The price is beyond the take profit {level} already."
    await flatten(cycle, symbol, code=code, sentence=sentence, decision_id=decision_id)


async def _flatten_unprotected(
    cycle: Cycle, symbol: str, why: str, decision_id: UUID | None
) -> None:
    sentence = f"position without its stop is closed at market: {why}"
    run_log().error("%s %s: %s.", cycle.account.id, symbol, sentence)
    with store_engine().begin() as conn:
        tell_alarm(conn, cycle, symbol, sentence)
        set_close_reason(conn, cycle.account.id, symbol, "unprotected")
    await flatten(cycle, symbol, code="unprotected", sentence=sentence, decision_id=decision_id)
