"""The account's own position in one symbol as it is now, read from the venue and never remembered."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from tasks.live_venue import foreign_quantity
from tasks.venues import venue_of
from trading.ports import Holding, VenuePosition
from trading.units import ZERO

if TYPE_CHECKING:
    from tasks.cycle import Cycle


async def own_holding(cycle: Cycle, symbol: str) -> Holding:
    """What the account itself holds; what others hold in the same netted position is left out."""
    holding = await venue_of(cycle).holding(symbol)
    foreign = foreign_quantity(cycle, symbol)
    if holding.position is None or foreign == ZERO:
        return holding
    return replace(holding, position=_without(holding.position, foreign))


def _without(held: VenuePosition, foreign: Decimal) -> VenuePosition | None:
    own = held.position.quantity - foreign
    if own == ZERO or (own > ZERO) != (held.position.quantity > ZERO):
        return None
    return replace(held, position=replace(held.position, quantity=own))
