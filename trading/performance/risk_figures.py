"""Return set against risk: the figures that daily returns give; None where undefined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trading.performance.ratios import (
    compute_annual_return,
    compute_calmar,
    compute_sharpe,
    compute_sortino,
    compute_volatility,
)
from trading.performance.returns import DailyReturn
from trading.performance.settings import FigureSettings
from trading.performance.tail_risk import (
    compute_conditional_value_at_risk,
    compute_value_at_risk,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskFigures:
    """All ratios."""

    annual_return: float | None
    volatility: float | None
    """Per year."""
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    value_at_risk: float | None
    """Of one day, positive is a loss."""
    conditional_value_at_risk: float | None


def summarise_risk(
    daily: Sequence[DailyReturn], max_drawdown: float | None, settings: FigureSettings
) -> RiskFigures:
    """From the returns of the days that are over, and the drawdown of all readings."""
    values = [item.value for item in daily]
    periods, level = settings.periods_per_year, settings.risk_level
    days = sum(item.days for item in daily)
    annual_return = compute_annual_return(values, days=days, periods_per_year=periods)
    return RiskFigures(
        annual_return=annual_return,
        volatility=compute_volatility(values, periods_per_year=periods),
        sharpe=compute_sharpe(values, risk_free=settings.risk_free, periods_per_year=periods),
        sortino=compute_sortino(values, target=settings.target, periods_per_year=periods),
        calmar=compute_calmar(annual_return, max_drawdown),
        value_at_risk=compute_value_at_risk(values, level=level),
        conditional_value_at_risk=compute_conditional_value_at_risk(values, level=level),
    )
