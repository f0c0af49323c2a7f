"""All performance figures of one account in one record; ratios, quote, None for undefined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trading.performance.drawdown import compute_max_drawdown
from trading.performance.ratios import PERIODS_PER_YEAR, compute_sharpe, compute_sortino
from trading.performance.records import EquityReading, TradeResult
from trading.performance.returns import (
    DailyReturn,
    PeriodReturn,
    compute_daily_returns,
    compute_monthly_returns,
    compute_weekly_returns,
)
from trading.performance.total_return import compute_total_return
from trading.performance.trade_figures import compute_profit_factor, compute_win_rate
from trading.units import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceSummary:
    """What an account earned, and how; every ratio comes from the same readings."""

    first_at: datetime | None
    last_at: datetime | None
    starting_equity: Decimal | None
    equity: Decimal | None
    transfers: Decimal
    """Deposits minus withdrawals between the first and the last reading."""
    net_pnl: Decimal | None
    """equity - starting equity - transfers."""
    total_return: float | None
    max_drawdown: float | None
    """Between 0 and 1."""
    daily_returns: tuple[DailyReturn, ...]
    weekly_returns: tuple[PeriodReturn, ...]
    monthly_returns: tuple[PeriodReturn, ...]
    sharpe: float | None
    sortino: float | None
    periods_per_year: int
    """The factor behind Sharpe and Sortino, to be shown beside them."""
    trade_count: int
    winning_trades: int
    win_rate: float | None
    profit_factor: float | None
    gross_pnl: Decimal
    """Of closed trades, like fees and funding."""
    fees: Decimal
    funding: Decimal


def summarise(
    readings: Sequence[EquityReading],
    trades: Sequence[TradeResult],
    *,
    periods_per_year: int = PERIODS_PER_YEAR,
    risk_free: float = 0.0,
) -> PerformanceSummary:
    """Figures of readings (ascending in time) and closed trades; `risk_free` is per day.

    Raises
    ------
    InvalidRecord
        The readings are not in strictly ascending order.
    """
    daily = compute_daily_returns(readings)
    values = [item.value for item in daily]
    first, last = (readings[0], readings[-1]) if readings else (None, None)
    transfers = last.transfers - first.transfers if first and last else ZERO
    return PerformanceSummary(
        first_at=first.at if first else None,
        last_at=last.at if last else None,
        starting_equity=first.equity if first else None,
        equity=last.equity if last else None,
        transfers=transfers,
        net_pnl=last.equity - first.equity - transfers if first and last else None,
        total_return=compute_total_return(readings),
        max_drawdown=compute_max_drawdown(readings),
        daily_returns=daily,
        weekly_returns=compute_weekly_returns(daily),
        monthly_returns=compute_monthly_returns(daily),
        sharpe=compute_sharpe(values, risk_free=risk_free, periods_per_year=periods_per_year),
        sortino=compute_sortino(values, target=risk_free, periods_per_year=periods_per_year),
        periods_per_year=periods_per_year,
        trade_count=len(trades),
        winning_trades=sum(1 for trade in trades if trade.net_pnl > ZERO),
        win_rate=compute_win_rate(trades),
        profit_factor=compute_profit_factor(trades),
        gross_pnl=sum((trade.gross_pnl for trade in trades), ZERO),
        fees=sum((trade.fees for trade in trades), ZERO),
        funding=sum((trade.funding for trade in trades), ZERO),
    )
