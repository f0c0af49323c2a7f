"""From the figures of an account to what the API answers; no figure is computed here."""

from __future__ import annotations

from typing import Any

from adapters.store.instruments import Assets
from api.figures import AccountFigures
from api.performance_shapes import (
    DayShape,
    GapShape,
    PerformanceShape,
    PeriodShape,
    TradeGroupShape,
)
from trading.performance.execution import LegExecution, summarise_execution
from trading.performance.groups import summarise_groups
from trading.performance.trade_figures import TradeFigures

_SAME_NAMES = (
    "win_rate",
    "profit_factor",
    "gross_pnl",
    "fees",
    "funding",
    "fee_share",
    "funding_share",
    "average_win",
    "average_loss",
    "expectancy",
    "largest_win",
    "largest_loss",
    "longest_winning_streak",
    "longest_losing_streak",
    "current_streak",
    "mean_holding_seconds",
    "median_holding_seconds",
    "longest_holding_seconds",
)


def performance_of(
    item: AccountFigures, legs: tuple[LegExecution, ...], assets: Assets
) -> PerformanceShape:
    """All figures of an account."""
    return PerformanceShape(
        account_id=item.account.id,
        name=item.account.name,
        change_24h=item.change_24h,
        btc_hold=item.hold_return,
        vs_btc_hold=item.vs_btc_hold,
        too_early=item.is_too_early,
        by_asset=_groups(summarise_groups(item.closed, lambda trade: assets.of(trade.symbol))),
        by_direction=_groups(summarise_groups(item.closed, lambda trade: trade.direction.value)),
        **_of_equity(item),
        **_of_risk(item),
        **_of_trades(item),
        **_of_execution(legs),
    )


def _of_equity(item: AccountFigures) -> dict[str, Any]:
    equity = item.summary.equity
    drawdown, gaps = equity.drawdown, equity.gaps
    return {
        "first_at": equity.first_at,
        "last_at": equity.last_at,
        "days": equity.days,
        "starting_equity": equity.starting_equity,
        "equity": equity.equity,
        "transfers": equity.transfers,
        "net_pnl": equity.net_pnl,
        "total_return": equity.total_return,
        "money_weighted_return": equity.money_weighted_return,
        "max_drawdown": equity.max_drawdown,
        "max_drawdown_peak_at": drawdown.peak_at if drawdown else None,
        "max_drawdown_bottom_at": drawdown.bottom_at if drawdown else None,
        "max_drawdown_recovered_at": drawdown.recovered_at if drawdown else None,
        "current_drawdown": drawdown.current if drawdown else None,
        "time_in_market": equity.time_in_market,
        "mean_exposure": equity.mean_exposure,
        "gaps": gaps.count,
        "gap_seconds": gaps.seconds,
        "newest_gaps": [GapShape.model_validate(gap) for gap in gaps.newest],
        "daily_returns": [DayShape.model_validate(day) for day in equity.daily_returns],
        "weekly_returns": [PeriodShape.model_validate(week) for week in equity.weekly_returns],
        "monthly_returns": [PeriodShape.model_validate(each) for each in equity.monthly_returns],
    }


def _of_risk(item: AccountFigures) -> dict[str, Any]:
    risk, settings = item.summary.risk, item.summary.settings
    return {
        "annual_return": risk.annual_return,
        "sharpe": risk.sharpe,
        "sortino": risk.sortino,
        "calmar": risk.calmar,
        "volatility": risk.volatility,
        "value_at_risk": risk.value_at_risk,
        "conditional_value_at_risk": risk.conditional_value_at_risk,
        "annualisation": settings.periods_per_year,
        "risk_level": settings.risk_level,
        "risk_free": settings.risk_free,
        "target": settings.target,
    }


def _of_trades(item: AccountFigures) -> dict[str, Any]:
    summary, trades = item.summary, item.summary.trades
    return {
        **{name: getattr(trades, name) for name in _SAME_NAMES},
        "trades": trades.count,
        "winning_trades": trades.wins,
        "losing_trades": trades.losses,
        "trades_net_pnl": trades.net_pnl,
        "trades_per_day": summary.trades_per_day,
        "traded_notional": summary.traded_notional,
        "turnover": summary.turnover,
        "turnover_per_day": summary.turnover_per_day,
    }


def _of_execution(legs: tuple[LegExecution, ...]) -> dict[str, Any]:
    execution = summarise_execution(legs)
    return {
        "orders_sent": execution.sent,
        "filled_share": execution.filled_share,
        "maker_share": execution.maker_share,
        "slippage": execution.slippage,
        "slippage_cost": execution.slippage_cost,
        "slippage_by_leg": {leg.value: value for leg, value in execution.slippage_by_leg.items()},
    }


def _groups(groups: dict[str, TradeFigures]) -> list[TradeGroupShape]:
    return [
        TradeGroupShape(
            key=key,
            trades=figures.count,
            winning_trades=figures.wins,
            win_rate=figures.win_rate,
            profit_factor=figures.profit_factor,
            expectancy=figures.expectancy,
            gross_pnl=figures.gross_pnl,
            fees=figures.fees,
            funding=figures.funding,
            net_pnl=figures.net_pnl,
        )
        for key, figures in groups.items()
    ]
