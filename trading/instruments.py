"""What can be traded: linear perpetual contracts with their filters. Prices are quote per base."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from trading.errors import InvalidRecord
from trading.units import ZERO

_USUAL_DECIMALS = 8
"""Of numbers that a venue reads, where it names no precision of its own."""


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
    min_price: Decimal = ZERO
    """Zero: no rule. Ticks are counted from here."""
    max_price: Decimal = ZERO
    """Zero: no rule."""
    min_market_quantity: Decimal | None = None
    """Of market orders; None: as for limit orders."""
    market_step_size: Decimal | None = None
    """Of market orders; None: as for limit orders."""
    multiplier_up: Decimal | None = None
    """A limit buy may cost at most the mark times this; None: no rule."""
    multiplier_down: Decimal | None = None
    """A limit sell may ask at least the mark times this; None: no rule."""
    order_types: frozenset[str] = frozenset()
    """Names of the order types the venue takes here; empty: all."""
    times_in_force: frozenset[str] = frozenset()
    """Names of the times in force the venue takes here; empty: all."""
    price_precision: int | None = None
    """Decimals that a price may have; None: those of the tick, at least 8."""
    quantity_precision: int | None = None
    """Decimals that a quantity may have; None: those of the step, at least 8."""
    has_venue_brackets: bool = True
    """False: the margin table is a cautious stand-in of ours, because the venue has not told its own."""

    def __post_init__(self) -> None:
        for name in ("tick_size", "step_size", "min_quantity", "max_quantity"):
            if getattr(self, name) <= ZERO:
                raise InvalidRecord(f"{self.symbol}: {name} must be positive")
        if not self.brackets:
            raise InvalidRecord(f"{self.symbol}: at least one maintenance bracket is needed")

    @property
    def price_decimals(self) -> int:
        """More decimals than this are malformed, before any filter is asked."""
        return _decimals(self.price_precision, self.tick_size)

    @property
    def quantity_decimals(self) -> int:
        return _decimals(self.quantity_precision, self.step_size)

    def bracket_for(self, notional: Decimal) -> MaintenanceBracket:
        """The row for a notional (quote, magnitude)."""
        return max(
            (row for row in self.brackets if row.notional_floor <= notional),
            key=lambda row: row.notional_floor,
            default=self.brackets[0],
        )


def _decimals(given: int | None, step: Decimal) -> int:
    if given is not None:
        return given
    exponent = step.normalize().as_tuple().exponent
    return max(_USUAL_DECIMALS, -exponent if isinstance(exponent, int) else 0)
