"""The limits of an account. Ratios are fractions of one; percent exists only outside.

What each of them means and may be is said in `trading.limit_ranges`; a record outside of its
ranges cannot be built.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal

from trading.errors import InvalidRecord
from trading.limit_ranges import LIMITS
from trading.units import ONE

POSITIONS_IN_ONE_BET = 3
"""How many largest positions may rise and fall together unless an account says otherwise."""
_OPTIONAL = ("max_order_ratio", "max_correlated_ratio")
_AT_MOST = (
    ("leverage", "max_leverage"),
    ("min_position_ratio", "max_position_ratio"),
    ("min_position_ratio", "max_order_ratio"),
    ("min_position_ratio", "max_correlated_ratio"),
    ("reduce_at_drawdown", "halt_at_drawdown"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimits:
    """What risk may let through. Defaults are those of the rules, section 3 (docs/risk.md)."""

    max_leverage: int = 5
    leverage: int = 3
    max_atr_of_margin: Decimal = Decimal("0.10")
    max_margin_ratio: Decimal = Decimal(1)
    max_position_ratio: Decimal = Decimal("0.20")
    min_position_ratio: Decimal = Decimal("0.01")
    max_order_ratio: Decimal | None = None
    """See `order_ratio`."""
    max_correlated_ratio: Decimal | None = None
    """See `correlated_ratio`."""
    correlation_threshold: float = 0.8
    max_positions: int = 5
    min_confidence: float = 0.5
    turn_confidence_margin: float = 0.1
    turn_hours: int = 24
    cooldown_minutes: int = 30
    max_daily_entries: int = 20
    max_daily_loss_ratio: Decimal = Decimal("0.05")
    reduce_at_drawdown: Decimal = Decimal("0.15")
    halt_at_drawdown: Decimal = Decimal("0.20")
    stop_atr_multiple: float = 2.0
    min_reward_to_risk: Decimal = Decimal("0.1")
    """Low, because rule strategies leave by their own signal long before stop or target."""
    max_funding_ratio: Decimal = Decimal("0.005")
    max_spread_ratio: Decimal = Decimal("0.005")
    max_quote_age_seconds: int = 60
    max_holding_hours: int = 36
    requires_stop: bool = True
    """False only for a benchmark (buy & hold); shown wherever the account is shown."""

    def __post_init__(self) -> None:
        for name, about in LIMITS.items():
            value = getattr(self, name)
            if about.allowed is not None and not (value is None and name in _OPTIONAL):
                holds = value is not None and about.allowed.holds(value)
                _require(holds, name, value, about.allowed.words)
        for name, other in _AT_MOST:
            value, most = getattr(self, name), getattr(self, other)
            if most is not None:
                _require(value <= most, name, value, f"at most {other} ({most})")

    @property
    def order_ratio(self) -> Decimal:
        """Largest notional of one order over equity."""
        return self.max_position_ratio if self.max_order_ratio is None else self.max_order_ratio

    @property
    def correlated_ratio(self) -> Decimal:
        """Largest notional of one bet over equity."""
        if self.max_correlated_ratio is None:
            return POSITIONS_IN_ONE_BET * self.max_position_ratio
        return self.max_correlated_ratio

    @property
    def turn_confidence(self) -> float:
        """What a change of direction needs: a ratio from `min_confidence` to 1."""
        needed = Decimal(repr(self.min_confidence)) + Decimal(repr(self.turn_confidence_margin))
        return float(min(needed, ONE))


LIMIT_NAMES = tuple(field.name for field in fields(RiskLimits))


def _require(holds: object, name: str, value: object, allowed: str) -> None:
    if not holds:
        raise InvalidRecord(f"{name} is {value}, allowed is {allowed}")
