"""Whose fills are these: in one-way mode the account's own position and a foreign one are netted.

Quantities are base, signed ones long positive. Own and foreign never point in opposite directions:
what one side opens against the other closes it first. A foreign fill closes what is foreign before
it touches what is the account's own; a fill of ours never makes more foreign than there was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from trading.orders import Fill
from trading.units import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What is held in one symbol, split by whose it is."""

    own: Decimal
    foreign: Decimal

    @property
    def total(self) -> Decimal:
        return self.own + self.foreign


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributed:
    """A fill split by whose it is; `own` is what trades and figures of the account are made from."""

    own: Fill | None
    after: Holdings


def attribute(fill: Fill, held: Holdings, *, is_ours: bool) -> Attributed:
    """Split a fill, and the holdings after it. `after.total` is the total before plus the fill."""
    signed = fill.quantity * fill.side.sign
    first, second = (held.own, held.foreign) if is_ours else (held.foreign, held.own)
    from_first = _closable(first, signed)
    from_second = _closable(second, signed - from_first)
    opened = signed - from_first - from_second  # whoever sends it opens what is left
    own_closed, foreign_closed = (from_first, from_second) if is_ours else (from_second, from_first)
    own_change = own_closed + (opened if is_ours else ZERO)
    after = Holdings(
        own=held.own + own_change,
        foreign=held.foreign + foreign_closed + (ZERO if is_ours else opened),
    )
    return Attributed(own=_part(fill, own_change, own_closed, foreign_closed), after=after)


def lags_behind(listed: Decimal, known: Decimal, steps: Sequence[Decimal]) -> bool:
    """Whether a listed quantity is the known one before its last steps: one, two, or all of them.

    `steps` are signed changes that are known to have happened, newest first.
    """
    before = known
    for step in steps:
        before -= step
        if listed == before != known:
            return True
    return False


def _closable(held: Decimal, signed: Decimal) -> Decimal:
    """The signed part of a change that takes away from what is held."""
    if held == ZERO or signed == ZERO or (held > ZERO) == (signed > ZERO):
        return ZERO
    return signed if abs(signed) <= abs(held) else -held


def _part(
    fill: Fill, own_change: Decimal, own_closed: Decimal, foreign_closed: Decimal
) -> Fill | None:
    """The account's part: its fee by quantity, its profit by the quantity that it closed."""
    if own_change == ZERO:
        return None
    if abs(own_change) == fill.quantity:
        return fill
    closed = abs(own_closed) + abs(foreign_closed)
    return replace(
        fill,
        quantity=abs(own_change),
        fee=fill.fee * abs(own_change) / fill.quantity,
        realized_pnl=fill.realized_pnl * abs(own_closed) / closed if closed else ZERO,
    )
