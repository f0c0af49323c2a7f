"""Equity lines of all agents and BTC buy & hold, thinned for drawing.

At most 1,000 points a line: the lowest and the highest of each stretch stay, so no peak and no
drawdown disappears. Returns are ratios since each agent's start, also in a shorter range.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.arena import load_arena
from adapters.store.views.accounts import AccountView, load_accounts
from adapters.store.views.equity import Span, load_curves, load_spans
from adapters.store.views.hold import find_benchmark, load_price_line, load_prices_at
from api.answers import ACCOUNT_SECONDS, answer
from api.figures import starting_reading
from api.listing import require_account
from api.problem_details import PROBLEM_RESPONSES
from api.shapes import Exact
from api.store_access import open_of, reading
from trading.performance.growth import compute_gains
from trading.performance.path import path_of
from trading.performance.records import EquityReading

router = APIRouter(responses=PROBLEM_RESPONSES, tags=["equity"])

MAX_POINTS = 1_000
_DIGITS = 6
_RANGES = {"6h": 6, "24h": 24, "72h": 72, "7d": 168}
Range = Literal["6h", "24h", "72h", "7d", "all"]


class EquityLine(BaseModel):
    """One account: three arrays of the same length, oldest first."""

    account_id: str
    name: str
    kind: str
    initial_equity: Exact
    at: list[datetime]
    equity: list[Exact] = Field(description="Quote.")
    returns: list[float] = Field(description="Since the account's start, without transfers.")


class HoldLine(BaseModel):
    """BTC bought at the arena's first snapshot and held; no fees, no funding."""

    asset: str
    at: list[datetime]
    price: list[Exact]
    returns: list[float]


class EquityAnswer(BaseModel):
    """All lines of a range of market time."""

    range: Range
    since: datetime | None
    until: datetime | None
    baseline: Exact = Field(description="Usual starting equity; scales the benchmark to money.")
    lines: list[EquityLine]
    benchmark: HoldLine | None


@router.get("/equity", response_model=EquityAnswer)
async def get_equity(
    request: Request,
    range: Annotated[Range, Query(description="Market time up to the newest snapshot.")] = "all",
    account_id: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Equity of each account over market time, with BTC buy & hold."""

    async def compute() -> EquityAnswer:
        async with reading(request) as conn:
            await require_account(conn, account_id)
            return await _load(conn, range, account_id)

    body = await open_of(request).shared.get(f"equity {range} {account_id}", compute)
    return answer(request, body, max_age=ACCOUNT_SECONDS)


async def _load(conn: AsyncConnection, chosen: Range, only: str | None) -> EquityAnswer:
    accounts = await load_accounts(conn, only=only)
    shown = {account.id for account in accounts}
    whole = {k: span for k, span in (await load_spans(conn, only=only)).items() if k in shown}
    if not whole:
        return EquityAnswer(
            range=chosen,
            since=None,
            until=None,
            baseline=_baseline(accounts),
            lines=[_line(account, (), None) for account in accounts],
            benchmark=None,
        )
    until = max(span.last for span in whole.values())
    since = min(span.first for span in whole.values())
    if chosen != "all":
        since = max(since, until - timedelta(hours=_RANGES[chosen]))
    spans = {
        k: s for k, s in (await load_spans(conn, since=since, only=only)).items() if k in shown
    }
    curves = await load_curves(conn, spans, max_points=MAX_POINTS)
    lines = await asyncio.to_thread(
        lambda: [_line(a, curves.get(a.id, ()), whole.get(a.id)) for a in accounts]
    )
    start = min(span.first for span in whole.values())
    return EquityAnswer(
        range=chosen,
        since=since,
        until=until,
        baseline=_baseline(accounts),
        lines=lines,
        benchmark=await _hold_line(conn, start=start, since=since, until=until),
    )


def _baseline(accounts: Sequence[AccountView]) -> Decimal:
    usual = Counter(account.initial_equity for account in accounts).most_common(1)
    return usual[0][0] if usual else Decimal(0)


def _line(account: AccountView, points: tuple[EquityReading, ...], span: Span | None) -> EquityLine:
    gains: Sequence[float] = ()
    if points and span:
        computed = compute_gains(path_of((starting_reading(account, span.first), *points)))
        gains = () if computed is None else computed[1:].tolist()
    return EquityLine(
        account_id=account.id,
        name=account.name,
        kind=account.kind,
        initial_equity=account.initial_equity,
        at=[point.at for point in points],
        equity=[point.equity for point in points],
        returns=[round(gain, _DIGITS) for gain in gains],
    )


async def _hold_line(
    conn: AsyncConnection, *, start: datetime, since: datetime, until: datetime
) -> HoldLine | None:
    arena = await conn.run_sync(load_arena)
    benchmark = await find_benchmark(conn, arena.market) if arena else None
    if benchmark is None:
        return None
    first = (await load_prices_at(conn, benchmark, [start])).get(start)
    points = await load_price_line(conn, benchmark, first=since, last=until, max_points=MAX_POINTS)
    if first is None:
        return None
    return HoldLine(
        asset="BTC",
        at=[point.at for point in points],
        price=[point.price for point in points],
        returns=[round(float(point.price / first) - 1.0, _DIGITS) for point in points],
    )
