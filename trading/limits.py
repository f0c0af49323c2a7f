"""The limits of an account. Ratios are fractions of one; percent exists only outside."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal

from trading.errors import InvalidRecord
from trading.units import ONE, ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimits:
    """What risk may let through. Defaults are those of the rules, section 3 (docs/risk.md)."""

    max_leverage: int = 5
    """Most times equity that gross notional may reach after an order; whole number 1..125."""
    leverage: int = 3
    """What the venue is told for each symbol; never above `max_leverage`."""
    max_position_ratio: Decimal = Decimal("0.20")
    """Largest notional of one position over capital; also the per-symbol exposure limit."""
    min_position_ratio: Decimal = Decimal("0.01")
    """Smallest notional of one position over capital."""
    min_confidence: float = 0.5
    """Below it no trade; at it the minimum size; at 1 the maximum."""
    max_positions: int = 5
    """Open positions at once."""
    max_daily_entries: int = 20
    max_daily_loss_ratio: Decimal = Decimal("0.05")
    """Of the equity at 00:00 UTC; entries stop until the next day."""
    reduce_at_drawdown: Decimal = Decimal("0.15")
    """From the stored equity peak: closes only."""
    halt_at_drawdown: Decimal = Decimal("0.20")
    stop_atr_multiple: float = 2.0
    """Distance of the default stop in ATR(14), when a decision comes without one."""
    max_holding_hours: int = 36
    requires_stop: bool = True
    """False only for a benchmark (buy & hold); shown wherever the account is shown."""

    def __post_init__(self) -> None:
        _require(1 <= self.max_leverage <= 125, "max_leverage", self.max_leverage, "1 to 125")
        _require(
            1 <= self.leverage <= self.max_leverage,
            "leverage",
            self.leverage,
            f"1 to max_leverage ({self.max_leverage})",
        )
        for name in (
            "max_position_ratio",
            "min_position_ratio",
            "max_daily_loss_ratio",
            "reduce_at_drawdown",
            "halt_at_drawdown",
        ):
            value = getattr(self, name)
            _require(
                value.is_finite() and ZERO < value <= ONE,
                name,
                value,
                "a ratio above 0 and up to 1",
            )
        _require(
            self.min_position_ratio <= self.max_position_ratio,
            "min_position_ratio",
            self.min_position_ratio,
            "at most max_position_ratio",
        )
        _require(
            0.0 <= self.min_confidence < 1.0,
            "min_confidence",
            self.min_confidence,
            "0 up to below 1",
        )
        _require(
            self.reduce_at_drawdown <= self.halt_at_drawdown,
            "reduce_at_drawdown",
            self.reduce_at_drawdown,
            "at most halt_at_drawdown",
        )
        _require(
            0.0 < self.stop_atr_multiple <= 20.0,
            "stop_atr_multiple",
            self.stop_atr_multiple,
            "above 0 and up to 20",
        )
        for name in ("max_positions", "max_daily_entries", "max_holding_hours"):
            _require(getattr(self, name) >= 1, name, getattr(self, name), "1 or more")


LIMIT_NAMES = tuple(field.name for field in fields(RiskLimits))


def _require(holds: object, name: str, value: object, allowed: str) -> None:
    if not holds:
        raise InvalidRecord(f"{name} is {value}, allowed is {allowed}")
