"""The exit plan of one position: where it is stopped, where it is taken, how long it may live.

Prices are quote per base. State is keyed by the position (symbol and opening instant), so that a
new position never inherits levels or peaks of an earlier one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from trading.errors import InvalidRecord
from trading.orders import Side
from trading.positions import Direction, Position
from trading.units import ZERO


@dataclass(frozen=True, slots=True)
class PositionKey:
    """What makes a position this one and not the next in the same symbol."""

    symbol: str
    opened_at: datetime
    direction: Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitPlan:
    """Made with the entry; only its stop moves later, and only tighter."""

    symbol: str
    opened_at: datetime
    direction: Direction
    """Long or short."""
    entry_price: Decimal
    stop_price: Decimal | None
    """None only for a benchmark that holds without a stop."""
    take_profit_price: Decimal | None
    time_to_live: timedelta | None = timedelta(hours=36)
    """Longest holding time; None only for a benchmark that holds for good."""

    def __post_init__(self) -> None:
        if self.direction is Direction.FLAT:
            raise InvalidRecord(f"{self.symbol}: an exit plan needs a direction, long or short")
        for name in ("entry_price", "stop_price", "take_profit_price"):
            price = getattr(self, name)
            if price is not None and not (price.is_finite() and price > ZERO):
                raise InvalidRecord(f"{self.symbol}: {name} {price} of an exit plan is no price")
        if self.time_to_live is not None and self.time_to_live <= timedelta(0):
            raise InvalidRecord(f"{self.symbol}: time to live {self.time_to_live} is not positive")

    @property
    def key(self) -> PositionKey:
        return PositionKey(self.symbol, self.opened_at, self.direction)


def key_of(position: Position) -> PositionKey:
    """The key under which the state of an open position is kept."""
    return PositionKey(position.symbol, position.opened_at, position.direction)


def tighter_stop(side: Side, first: Decimal | None, second: Decimal | None) -> Decimal | None:
    """The stop nearer to the price for a position entered by `side`; a stop never loosens."""
    known = [stop for stop in (first, second) if stop is not None]
    if not known:
        return None
    return max(known) if side is Side.BUY else min(known)
