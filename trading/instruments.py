"""What can be traded: linear perpetual contracts with their filters. Prices are quote per base."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from trading.errors import InvalidRecord
from trading.units import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceBracket:
    """One row of the venue's margin table; rows ascend by `notional_floor`."""

    notional_floor: Decimal
    """Smallest notional (quote) to which the row applies."""
    max_leverage: int
    maintenance_ratio: Decimal
    """Maintenance margin over notional, a ratio."""
    cumulative: Decimal
    """Amount (quote) subtracted so that the margin is continuous at the floor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A linear USDT perpetual, quantity in base asset, one-way mode."""

    symbol: str
    """The venue's text, e.g. BTCUSDT."""
    base: str
    quote: str
    tick_size: Decimal
    step_size: Decimal
    min_quantity: Decimal
    max_quantity: Decimal
    max_market_quantity: Decimal
    min_notional: Decimal
    brackets: tuple[MaintenanceBracket, ...]
    funding_interval: timedelta = timedelta(hours=8)
    max_open_orders: int = 200
    max_conditional_orders: int = 10

    def __post_init__(self) -> None:
        for name in ("tick_size", "step_size", "min_quantity", "max_quantity"):
            if getattr(self, name) <= ZERO:
                raise InvalidRecord(f"{self.symbol}: {name} must be positive")
        if not self.brackets:
            raise InvalidRecord(f"{self.symbol}: at least one maintenance bracket is needed")

    def bracket_for(self, notional: Decimal) -> MaintenanceBracket:
        """The row for a notional (quote, magnitude)."""
        return max(
            (row for row in self.brackets if row.notional_floor <= notional),
            key=lambda row: row.notional_floor,
            default=self.brackets[0],
        )
