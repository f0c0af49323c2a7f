"""Performance of each account: return, Sharpe, Sortino, drawdown, win rate, costs.

Ratios are fractions of one; an undefined figure is null. Definitions: README of the project and
`trading.performance`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from adapters.store.arena import load_arena
from api.answers import ACCOUNT_SECONDS, answer
from api.figures import AccountFigures, load_figures
from api.listing import require_account
from api.problem_details import PROBLEM_RESPONSES
from api.shapes import Exact
from api.store_access import open_of, reading

router = APIRouter(responses=PROBLEM_RESPONSES, tags=["performance"])


class DayShape(BaseModel):
    """Return of one UTC day that is over."""

    day: date
    value: float = Field(description="Ratio; spans `days` days when readings are missing before.")
    days: int


class PeriodShape(BaseModel):
    """Compounded return of an ISO week or a calendar month."""

    period: str = Field(examples=["2026-W47", "2026-11"])
    value: float


class PerformanceShape(BaseModel):
    """Figures of one account."""

    account_id: str
    name: str
    first_at: datetime | None
    last_at: datetime | None
    days: float
    starting_equity: Exact | None
    equity: Exact | None
    transfers: Exact
    net_pnl: Exact | None = Field(description="Equity - starting equity - transfers, quote.")
    total_return: float | None
    change_24h: float | None
    btc_hold: float | None = Field(description="Return of BTC over the same time, without costs.")
    vs_btc_hold: float | None
    sharpe: float | None
    sortino: float | None
    annualisation: int = Field(description="Periods a year behind Sharpe and Sortino.")
    max_drawdown: float | None
    trades: int
    winning_trades: int
    win_rate: float | None
    profit_factor: float | None
    gross_pnl: Exact = Field(description="Of closed trades, like fees and funding.")
    fees: Exact
    funding: Exact
    too_early: bool = Field(description="Fewer than 30 trades or 30 days.")
    daily_returns: list[DayShape]
    weekly_returns: list[PeriodShape]
    monthly_returns: list[PeriodShape]


class PerformanceList(BaseModel):
    """Figures by account id."""

    items: list[PerformanceShape]


def performance_of(item: AccountFigures) -> PerformanceShape:
    """All figures of an account."""
    summary = item.summary
    return PerformanceShape(
        account_id=item.account.id,
        name=item.account.name,
        first_at=summary.first_at,
        last_at=summary.last_at,
        days=item.days,
        starting_equity=summary.starting_equity,
        equity=summary.equity,
        transfers=summary.transfers,
        net_pnl=summary.net_pnl,
        total_return=summary.total_return,
        change_24h=item.change_24h,
        btc_hold=item.hold_return,
        vs_btc_hold=item.vs_btc_hold,
        sharpe=summary.sharpe,
        sortino=summary.sortino,
        annualisation=summary.periods_per_year,
        max_drawdown=summary.max_drawdown,
        trades=summary.trade_count,
        winning_trades=summary.winning_trades,
        win_rate=summary.win_rate,
        profit_factor=summary.profit_factor,
        gross_pnl=summary.gross_pnl,
        fees=summary.fees,
        funding=summary.funding,
        too_early=item.is_too_early,
        daily_returns=[
            DayShape(day=d.day, value=d.value, days=d.days) for d in summary.daily_returns
        ],
        weekly_returns=[
            PeriodShape(period=p.period, value=p.value) for p in summary.weekly_returns
        ],
        monthly_returns=[
            PeriodShape(period=p.period, value=p.value) for p in summary.monthly_returns
        ],
    )


@router.get("/performance", response_model=PerformanceList)
async def get_performance(
    request: Request, account_id: Annotated[str | None, Query(max_length=200)] = None
) -> Response:
    """Sharpe, Sortino and everything else, for all accounts or for one."""

    async def compute() -> PerformanceList:
        async with reading(request) as conn:
            await require_account(conn, account_id)
            arena = await conn.run_sync(load_arena)
            market = arena.market if arena else None
            figures = await load_figures(conn, market=market, only=account_id)
        return PerformanceList(items=[performance_of(item) for item in figures])

    body = await open_of(request).shared.get(f"performance {account_id}", compute)
    return answer(request, body, max_age=ACCOUNT_SECONDS)
