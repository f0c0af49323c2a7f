"""The leaderboard: every account ranked by total return, and the arena's totals.

Ratios are fractions of one. A figure that is not defined yet is null, never zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.arena import load_arena
from adapters.store.views.assets import load_assets
from adapters.store.views.paging import Filters, PageRequest
from adapters.store.views.positions import PositionView, list_positions
from api.account_state import state_of
from api.answers import LEADERBOARD_SECONDS, answer
from api.equity_tracks import EquityTracks
from api.figures import AccountFigures, load_figures, sum_of
from api.performance_shapes import figure
from api.problem_details import PROBLEM_RESPONSES
from api.shapes import Exact
from api.store_access import open_of, reading
from trading.performance.ratios import PERIODS_PER_YEAR
from trading.performance.tail_risk import RISK_LEVEL
from trading.units import to_float

router = APIRouter(responses=PROBLEM_RESPONSES, tags=["leaderboard"])
_MOST_POSITIONS = 10_000


class LeaderboardRow(BaseModel):
    """One account. Ratios: 0.05 is 5 %."""

    rank: int = Field(description="By total return; accounts without one come last.")
    account_id: str
    name: str
    kind: str = Field(description="rule, llm or benchmark")
    mode: str = Field(description="paper or live")
    network: str | None = Field(description="mainnet: real money; testnet: none. Null on paper.")
    strategy: str | None = Field(description="Strategy that decides.")
    equity: Exact | None = Field(
        description="quote: wallet plus unrealised PnL at the mark. Null: no snapshot."
    )
    initial_equity: Exact = Field(description="quote: configured; never changes.")
    total_return: float | None = figure("total_return")
    change_24h: float | None = Field(
        description="ratio: over 24 h of market time. Null: no snapshot a day ago."
    )
    vs_btc_hold: float | None = Field(
        description="ratio: total_return minus that of BTC held meanwhile. Null: no BTC candle."
    )
    sharpe: float | None = figure("sharpe")
    sortino: float | None = figure("sortino")
    calmar: float | None = figure("calmar")
    volatility: float | None = figure("volatility")
    value_at_risk: float | None = figure("value_at_risk")
    max_drawdown: float | None = figure("max_drawdown")
    current_drawdown: float | None = figure("current_drawdown")
    win_rate: float | None = figure("win_rate")
    profit_factor: float | None = figure("profit_factor")
    trades: int = Field(description="Closed trades.")
    days: float = Field(description="Market days that the figures cover.")
    too_early: bool = Field(description="Fewer than 30 trades or 30 days.")
    gross_exposure: Exact | None = Field(description="quote: sum of notionals. Null: no snapshot.")
    exposure_ratio: float | None = Field(
        description="ratio: gross exposure over equity. Null: no snapshot."
    )
    state: str = Field(description="active, paused, stopped, reducing, halted, failed, waiting")
    state_reason: str = Field(description="A sentence.")


class ArenaTotals(BaseModel):
    """Sums over all accounts, quote."""

    equity: Exact | None
    initial_equity: Exact
    profit: Exact | None = Field(description="Earned since the start, without transfers.")
    total_return: float | None
    profit_24h: Exact | None
    change_24h: float | None
    btc_hold: float | None = Field(description="Return of BTC since the first snapshot.")
    vs_btc_hold: float | None
    open_positions: int
    gross_exposure: Exact
    net_exposure: Exact
    exposure_ratio: float | None


class Leaderboard(BaseModel):
    """All accounts by rank."""

    items: list[LeaderboardRow]
    totals: ArenaTotals
    annualisation: int = Field(
        default=PERIODS_PER_YEAR, description="Periods a year behind Sharpe and Sortino."
    )
    risk_level: float = Field(default=RISK_LEVEL, description="Level of value at risk, 0 to 1.")


@router.get("/leaderboard", response_model=Leaderboard)
async def get_leaderboard(request: Request) -> Response:
    """Every account with its figures, best total return first."""

    async def compute() -> Leaderboard:
        async with reading(request) as conn:
            return await _load(conn, open_of(request).tracks)

    body = await open_of(request).shared.get("leaderboard", compute)
    return answer(request, body, max_age=LEADERBOARD_SECONDS)


async def _load(conn: AsyncConnection, tracks: EquityTracks) -> Leaderboard:
    arena = await conn.run_sync(load_arena)
    market = arena.market if arena else None
    figures = await load_figures(conn, tracks, market=market)
    everything = PageRequest(filters=Filters(), limit=_MOST_POSITIONS)
    positions = (await list_positions(conn, everything, await load_assets(conn))).items
    ranked = sorted(figures, key=_rank_key)
    return Leaderboard(
        items=[_row(rank, item) for rank, item in enumerate(ranked, start=1)],
        totals=_totals(figures, positions, _arena_hold(figures)),
    )


def _rank_key(item: AccountFigures) -> tuple[bool, float, str]:
    total = item.summary.equity.total_return
    return total is None, -(total or 0.0), item.account.id


def _row(rank: int, item: AccountFigures) -> LeaderboardRow:
    account, money = item.account, item.account.money
    equity, risk, trades = item.summary.equity, item.summary.risk, item.summary.trades
    state = state_of(account)
    return LeaderboardRow(
        rank=rank,
        account_id=account.id,
        name=account.name,
        kind=account.kind,
        mode=account.mode,
        network=account.network,
        strategy=account.strategy,
        equity=money.equity if money else None,
        initial_equity=account.initial_equity,
        total_return=equity.total_return,
        change_24h=item.change_24h,
        vs_btc_hold=item.vs_btc_hold,
        sharpe=risk.sharpe,
        sortino=risk.sortino,
        calmar=risk.calmar,
        volatility=risk.volatility,
        value_at_risk=risk.value_at_risk,
        max_drawdown=equity.max_drawdown,
        current_drawdown=equity.drawdown.current if equity.drawdown else None,
        win_rate=trades.win_rate,
        profit_factor=trades.profit_factor,
        trades=trades.count,
        days=equity.days,
        too_early=item.is_too_early,
        gross_exposure=money.gross_exposure if money else None,
        exposure_ratio=ratio_of(money.gross_exposure, money.equity) if money else None,
        state=state.word,
        state_reason=state.sentence,
    )


def ratio_of(part: Decimal, whole: Decimal) -> float | None:
    """None when there is nothing to divide by."""
    return to_float(part / whole) if whole > 0 else None


def _arena_hold(figures: Sequence[AccountFigures]) -> float | None:
    """BTC from the first snapshot of the arena to the newest: that of the oldest account."""
    known = [item for item in figures if item.hold_return is not None and item.newest]
    if not known:
        return None
    return max(known, key=lambda item: item.summary.equity.days).hold_return


def _totals(
    figures: Sequence[AccountFigures],
    positions: Sequence[PositionView],
    btc_hold: float | None,
) -> ArenaTotals:
    seen = [item for item in figures if item.account.money is not None]
    equity = sum_of([item.account.money.equity for item in seen if item.account.money])
    start = sum_of([item.account.initial_equity for item in seen])
    profit = sum_of([item.summary.equity.net_pnl for item in seen])
    total_return = ratio_of(profit, start)
    aged = [item for item in seen if item.day_ago is not None]
    day_start = sum_of([item.day_ago.equity for item in aged if item.day_ago])
    day_profit = sum_of([_day_profit(item) for item in aged])
    exposure = sum_of([position.notional for position in positions])
    signed = [p.notional if p.quantity > 0 else -p.notional for p in positions]
    return ArenaTotals(
        equity=equity if seen else None,
        initial_equity=sum_of([item.account.initial_equity for item in figures]),
        profit=profit if seen else None,
        total_return=total_return,
        profit_24h=day_profit if aged else None,
        change_24h=ratio_of(day_profit, day_start),
        btc_hold=btc_hold,
        vs_btc_hold=None if total_return is None or btc_hold is None else total_return - btc_hold,
        open_positions=len(positions),
        gross_exposure=exposure,
        net_exposure=sum_of(list(signed)),
        exposure_ratio=ratio_of(exposure, equity),
    )


def _day_profit(item: AccountFigures) -> Decimal | None:
    if item.day_ago is None or item.newest is None:
        return None
    flows = item.newest.transfers - item.day_ago.transfers
    return item.newest.equity - item.day_ago.equity - flows
