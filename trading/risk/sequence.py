"""Entries of one cycle, judged one after another: what an approval leaves for the next one.

Two entries together may not pass a limit that each passes alone, so whatever was approved counts
as held, paid for and counted before the next is judged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from trading.positions import apply_fill
from trading.risk.positions import MarkedPosition
from trading.risk.state import RiskContext
from trading.risk.verdict import Approved
from trading.units import ONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The part of an account's state that an approval changes."""

    positions: tuple[MarkedPosition, ...]
    available: Decimal | None
    """Quote."""
    entries_today: int | None


def room_of(context: RiskContext) -> Room:
    """What a context was judged with."""
    return Room(
        positions=context.positions,
        available=context.available,
        entries_today=context.entries_today,
    )


def within(context: RiskContext, room: Room) -> RiskContext:
    """A context with what earlier entries of the cycle have left."""
    return replace(
        context,
        positions=room.positions,
        available=room.available,
        entries_today=room.entries_today,
    )


def after_entry(context: RiskContext, verdict: Approved) -> Room:
    """What an approved entry leaves, as if it had filled at the slipped price with its fee.

    The position counts at the price of the verdict, or at the mark it had, whichever is higher.
    """
    slipped = verdict.price * (ONE + context.slippage)
    cost = verdict.quantity * slipped
    margin_and_fee = cost / verdict.leverage + cost * context.taker_fee
    held = context.held
    others = tuple(item for item in context.positions if item is not held)
    available, entries = context.available, context.entries_today
    return Room(
        positions=(*others, _planned(held, verdict, slipped, context.at)),
        available=None if available is None else available - margin_and_fee,
        entries_today=None if entries is None else entries + 1,
    )


def _planned(
    held: MarkedPosition | None, verdict: Approved, slipped: Decimal, at: datetime
) -> MarkedPosition:
    filled = apply_fill(
        None if held is None else held.position,
        symbol=verdict.symbol,
        side=verdict.side,
        quantity=verdict.quantity,
        price=slipped,
        leverage=verdict.leverage,
        at=at,
    ).position
    assert filled is not None  # noqa: S101 - an entry never closes: check_direction has seen to it
    mark = verdict.price if held is None else max(held.mark, verdict.price)
    return MarkedPosition(position=filled, mark=mark)
