"""What a strategy believes about one instrument. Confidence is a ratio between 0 and 1."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trading.errors import InvalidRecord
from trading.positions import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """`direction` is where the strategy wants to be; `hold` leaves the position as it is."""

    direction: Direction
    confidence: float
    reason: str
    """One sentence with the measured values, shown to the operator."""
    hold: bool = False
    """True: no opinion on this candle; the position, if any, stays with its exit plan."""
    stop_price: Decimal | None = None
    take_profit_price: Decimal | None = None
    weight: float = 1.0
    """Share of the usual size to hold (a grid holds 1/n per level); a ratio in 0..1."""
    scales_in: bool = False
    """True: a smaller position in the same direction grows to this size (grid); else it is held."""
    adds_in_profit_only: bool = False
    """True: what scales in grows only while the price is better than its entry (a pyramid)."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence <= 1.0:
            raise InvalidRecord(f"confidence {self.confidence} is not between 0 and 1")
        if not 0.0 <= self.weight <= 1.0:
            raise InvalidRecord(f"weight {self.weight} is not between 0 and 1")


def hold(reason: str) -> Signal:
    """No opinion, with its reason."""
    return Signal(direction=Direction.FLAT, confidence=0.0, reason=reason, hold=True)
