"""What the figures are measured with; each of them is shown beside the figures it changes."""

from __future__ import annotations

from dataclasses import dataclass

from trading.errors import InvalidRecord
from trading.performance.ratios import PERIODS_PER_YEAR
from trading.performance.tail_risk import RISK_LEVEL


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureSettings:
    """Defaults are those of the rules, section 6."""

    periods_per_year: int = PERIODS_PER_YEAR
    """Daily returns a year, 1 or more; 252 as on stock markets, 365 for a market without a rest."""
    risk_free: float = 0.0
    """Ratio per day, taken off each return in Sharpe."""
    target: float = 0.0
    """Ratio per day, below which a return is downside in Sortino."""
    risk_level: float = RISK_LEVEL
    """Of value at risk, between 0 and 1: 0.95 looks at the worst twentieth of the days."""

    def __post_init__(self) -> None:
        if self.periods_per_year < 1:
            raise InvalidRecord(
                f"{self.periods_per_year} periods per year: must be 1 or more, as 252 or 365"
            )
        if not 0.0 < self.risk_level < 1.0:
            raise InvalidRecord(f"risk level {self.risk_level}: must lie between 0 and 1, as 0.95")
