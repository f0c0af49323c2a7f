"""Positions as risk sees them: open or just approved, each at the mark at which it counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trading.positions import Direction, Position


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedPosition:
    """An open position and the mark price at which it counts."""

    position: Position
    mark: Decimal

    @property
    def notional(self) -> Decimal:
        """At the mark, quote."""
        return self.position.notional(self.mark)

    @property
    def cost(self) -> Decimal:
        """Notional at the entry price, quote: what was put in, whatever it is worth now."""
        return self.position.notional(self.position.entry_price)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastClose:
    """The end of the newest closed position in a symbol."""

    at: datetime
    """Market time."""
    direction: Direction
    """Of the position that was closed."""
