"""The figures of an account as the API shows them; every description comes from the catalogue.

Ratios are fractions of one; a figure that is not defined is null, never zero.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from api.shapes import Exact, Shape
from trading.performance.catalogue import FIGURES, describe


def figure(name: str) -> Any:
    """A field described by the catalogue."""
    return Field(description=describe(FIGURES[name]))


class DayShape(Shape):
    """Return of one UTC day that is over."""

    day: date
    value: float = Field(description="Ratio; spans `days` days when readings are missing before.")
    days: int


class PeriodShape(Shape):
    """Compounded return of an ISO week or a calendar month."""

    period: str = Field(examples=["2026-W47", "2026-11"])
    value: float


class GapShape(Shape):
    """A stretch without a reading of equity."""

    since: datetime
    until: datetime


class TradeGroupShape(BaseModel):
    """Closed trades that have something in common; figures as of all trades."""

    key: str
    trades: int
    winning_trades: int
    win_rate: float | None
    profit_factor: float | None
    expectancy: Exact | None
    gross_pnl: Exact
    fees: Exact
    funding: Exact
    net_pnl: Exact


class PerformanceShape(BaseModel):
    """Figures of one account."""

    account_id: str
    name: str
    first_at: datetime | None = Field(description="Market time of the first reading of equity.")
    last_at: datetime | None = Field(description="Market time of the newest reading.")
    days: float = Field(description="Market days between them.")
    starting_equity: Exact | None = figure("starting_equity")
    equity: Exact | None = figure("equity")
    transfers: Exact = figure("transfers")
    net_pnl: Exact | None = figure("net_pnl")
    total_return: float | None = figure("total_return")
    money_weighted_return: float | None = figure("money_weighted_return")
    annual_return: float | None = figure("annual_return")
    change_24h: float | None = Field(
        description="ratio: return of the last 24 h of market time. Null: no reading a day ago."
    )
    btc_hold: float | None = Field(
        description="ratio: return of BTC over the same time, without costs. Null: no BTC candle."
    )
    vs_btc_hold: float | None = Field(
        description="ratio: total_return - btc_hold. Null: either is."
    )
    sharpe: float | None = figure("sharpe")
    sortino: float | None = figure("sortino")
    calmar: float | None = figure("calmar")
    volatility: float | None = figure("volatility")
    annualisation: int = Field(description="Periods a year behind the figures per year.")
    value_at_risk: float | None = figure("value_at_risk")
    conditional_value_at_risk: float | None = figure("conditional_value_at_risk")
    risk_level: float = Field(description="Level of the two figures before it, 0 to 1.")
    risk_free: float = Field(description="ratio per day: taken off each return in Sharpe.")
    target: float = Field(description="ratio per day: below it a return is downside in Sortino.")
    max_drawdown: float | None = figure("max_drawdown")
    max_drawdown_peak_at: datetime | None = figure("max_drawdown_peak_at")
    max_drawdown_bottom_at: datetime | None = figure("max_drawdown_bottom_at")
    max_drawdown_recovered_at: datetime | None = figure("max_drawdown_recovered_at")
    current_drawdown: float | None = figure("current_drawdown")
    time_in_market: float | None = figure("time_in_market")
    mean_exposure: float | None = figure("mean_exposure")
    trades: int = figure("trades")
    winning_trades: int = figure("winning_trades")
    losing_trades: int = figure("losing_trades")
    win_rate: float | None = figure("win_rate")
    profit_factor: float | None = figure("profit_factor")
    gross_pnl: Exact = figure("gross_pnl")
    fees: Exact = figure("fees")
    funding: Exact = figure("funding")
    trades_net_pnl: Exact = figure("trades_net_pnl")
    fee_share: float | None = figure("fee_share")
    funding_share: float | None = figure("funding_share")
    average_win: Exact | None = figure("average_win")
    average_loss: Exact | None = figure("average_loss")
    expectancy: Exact | None = figure("expectancy")
    largest_win: Exact | None = figure("largest_win")
    largest_loss: Exact | None = figure("largest_loss")
    longest_winning_streak: int = figure("longest_winning_streak")
    longest_losing_streak: int = figure("longest_losing_streak")
    current_streak: int = figure("current_streak")
    mean_holding_seconds: float | None = figure("mean_holding_seconds")
    median_holding_seconds: float | None = figure("median_holding_seconds")
    longest_holding_seconds: float | None = figure("longest_holding_seconds")
    trades_per_day: float | None = figure("trades_per_day")
    traded_notional: Exact = figure("traded_notional")
    turnover: float | None = figure("turnover")
    turnover_per_day: float | None = figure("turnover_per_day")
    orders_sent: int = figure("orders_sent")
    filled_share: float | None = figure("filled_share")
    maker_share: float | None = figure("maker_share")
    slippage: float | None = figure("slippage")
    slippage_cost: Exact = figure("slippage_cost")
    slippage_by_leg: dict[str, float] = Field(
        description="ratio: slippage by entry, exit, stop, target; a leg without a fill is left out."
    )
    too_early: bool = Field(description="Fewer than 30 trades or 30 days.")
    gaps: int = figure("gaps")
    gap_seconds: float = figure("gap_seconds")
    newest_gaps: list[GapShape] = Field(description="At most ten, oldest first.")
    by_asset: list[TradeGroupShape] = Field(description="Closed trades by base asset.")
    by_direction: list[TradeGroupShape] = Field(description="Closed trades, long and short.")
    daily_returns: list[DayShape] = Field(description="ratio: one per UTC day that is over.")
    weekly_returns: list[PeriodShape] = Field(description="ratio: ISO weeks, compounded.")
    monthly_returns: list[PeriodShape] = Field(description="ratio: calendar months, compounded.")
