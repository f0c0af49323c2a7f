"""Performance of each account: every figure of docs/performance.md, with what it was measured with.

Ratios are fractions of one; an undefined figure is null.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.arena import load_arena
from adapters.store.views.assets import load_assets
from adapters.store.views.execution import load_executions
from api.answers import ACCOUNT_SECONDS, answer
from api.equity_tracks import EquityTracks
from api.figures import load_figures
from api.listing import require_account
from api.performance_rows import performance_of
from api.performance_shapes import PerformanceShape
from api.problem_details import PROBLEM_RESPONSES
from api.store_access import open_of, reading
from trading.performance.ratios import PERIODS_PER_YEAR
from trading.performance.settings import FigureSettings
from trading.performance.summary import DEFAULT_SETTINGS
from trading.performance.tail_risk import RISK_LEVEL

router = APIRouter(responses=PROBLEM_RESPONSES, tags=["performance"])


class PerformanceList(BaseModel):
    """Figures by account id."""

    items: list[PerformanceShape]


class PerformanceQuery(BaseModel):
    """Which account, and what the figures are measured with."""

    account_id: str | None = Field(default=None, max_length=200)
    annualisation: int = Field(
        default=PERIODS_PER_YEAR, ge=1, le=366, description="Daily returns a year."
    )
    risk_level: float = Field(
        default=RISK_LEVEL, ge=0.5, le=0.999, description="Level of value at risk."
    )
    risk_free: float = Field(default=0.0, ge=-0.1, le=0.1, description="Ratio per day, for Sharpe.")
    target: float = Field(default=0.0, ge=-0.1, le=0.1, description="Ratio per day, for Sortino.")

    @property
    def settings(self) -> FigureSettings:
        return FigureSettings(
            periods_per_year=self.annualisation,
            risk_free=self.risk_free,
            target=self.target,
            risk_level=self.risk_level,
        )


@router.get("/performance", response_model=PerformanceList)
async def get_performance(
    request: Request, query: Annotated[PerformanceQuery, Query()]
) -> Response:
    """Sharpe, Sortino and everything else, for all accounts or for one."""

    async def compute() -> PerformanceList:
        async with reading(request) as conn:
            await require_account(conn, query.account_id)
            tracks = open_of(request).tracks
            items = await load_performance(
                conn, tracks, only=query.account_id, settings=query.settings
            )
        return PerformanceList(items=items)

    body = await open_of(request).shared.get(f"performance {query!r}", compute)
    return answer(request, body, max_age=ACCOUNT_SECONDS)


async def load_performance(
    conn: AsyncConnection,
    tracks: EquityTracks,
    *,
    only: str | None = None,
    settings: FigureSettings = DEFAULT_SETTINGS,
) -> list[PerformanceShape]:
    """Of all accounts or of one, by account id."""
    arena = await conn.run_sync(load_arena)
    figures = await load_figures(
        conn, tracks, market=arena.market if arena else None, only=only, settings=settings
    )
    legs = await load_executions(conn, only=only)
    assets = await load_assets(conn)

    def shapes() -> list[PerformanceShape]:
        return [performance_of(item, legs.get(item.account.id, ()), assets) for item in figures]

    return await asyncio.to_thread(shapes)
