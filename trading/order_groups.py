"""Groups of orders as a venue takes them in one message: an entry with its exits, or two exits.

What the exits protect is never more than the entry has filled; quantities are base. The one rule:
of the exits one is enough, so what one fills is taken off the other.
"""

from __future__ import annotations

from dataclasses import dataclass

from trading.errors import InvalidRecord
from trading.orders import OrderRequest, OrderType
from trading.units import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderGroup:
    """Orders that belong together: entry with one or two exits (OTO, OTOCO), or two exits (OCO).

    Exits rest as soon as the entry has filled anything, for what it has filled; what one exit
    fills is taken off the other, and the first to be done takes the other away.
    """

    group_id: str
    entry: OrderRequest | None
    exits: tuple[OrderRequest, ...]

    def __post_init__(self) -> None:
        entry, exits = self.entry, self.exits
        if len(exits) not in ((1, 2) if entry else (2,)):
            raise InvalidRecord(
                f"group {self.group_id}: {len(exits)} exits; an entry takes one or two, OCO two"
            )
        if entry and entry.only_reduces:
            raise InvalidRecord(
                f"group {self.group_id}: {entry.client_order_id} only reduces, so it is no entry"
            )
        side = entry.side.opposite if entry else exits[0].side
        symbol = entry.symbol if entry else exits[0].symbol
        for leg in exits:
            is_fitting = leg.symbol == symbol and leg.side is side and leg.only_reduces
            if not is_fitting or leg.order_type is OrderType.MARKET:
                raise InvalidRecord(
                    f"group {self.group_id}: {leg.client_order_id} must be a reduce-only {side}"
                    f" of {symbol} that waits for its price"
                )
            if entry and leg.quantity not in (entry.quantity, ZERO):
                raise InvalidRecord(
                    f"group {self.group_id}: {leg.client_order_id} is for {leg.quantity}, the entry"
                    f" for {entry.quantity}; exits follow what the entry fills"
                )
