"""Performance of every account, put together from the store and computed by `trading.performance`.

An account's first reading is its starting equity at the time of its first snapshot. Lines with more
snapshots than `FIGURE_POINTS` keep the lowest and highest of each stretch and every daily close,
so Sharpe and Sortino stay exact and a drawdown loses at most the inside of one stretch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.views.accounts import AccountView, load_accounts
from adapters.store.views.equity import (
    Span,
    load_curves,
    load_daily_closes,
    load_earlier_readings,
    load_spans,
)
from adapters.store.views.hold import find_benchmark, load_prices_at
from adapters.store.views.trades import load_closed_trades
from trading.performance.records import ClosedTrade, EquityReading
from trading.performance.summary import PerformanceSummary, summarise
from trading.performance.total_return import compute_total_return
from trading.units import to_float

FIGURE_POINTS = 2_000
DAY = timedelta(days=1)
DAY_TOLERANCE = timedelta(hours=6)
ENOUGH_TRADES = 30
ENOUGH_DAYS = 30.0
"""Below either, a result cannot be told from luck and is marked "too early"."""
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFigures:
    """One account with its figures; ratios, 0.05 is 5 %."""

    account: AccountView
    summary: PerformanceSummary
    day_ago: EquityReading | None
    change_24h: float | None
    hold_return: float | None
    """BTC bought at the account's first snapshot and held until its newest."""

    @property
    def days(self) -> float:
        """Market days that the figures cover."""
        if self.summary.first_at is None or self.summary.last_at is None:
            return 0.0
        return (self.summary.last_at - self.summary.first_at) / DAY

    @property
    def is_too_early(self) -> bool:
        return self.summary.trade_count < ENOUGH_TRADES or self.days < ENOUGH_DAYS

    @property
    def vs_btc_hold(self) -> float | None:
        if self.summary.total_return is None or self.hold_return is None:
            return None
        return self.summary.total_return - self.hold_return


def starting_reading(account: AccountView, first_at: datetime) -> EquityReading:
    """The configured equity just before the first snapshot, which may already hold a fee."""
    return EquityReading(at=first_at - _TICK, equity=account.initial_equity)


async def load_figures(
    conn: AsyncConnection, *, market: str | None, only: str | None = None
) -> tuple[AccountFigures, ...]:
    """Figures of all accounts (or of one), by account id. `market` names the benchmark's prices."""
    accounts = await load_accounts(conn, only=only)
    spans = await load_spans(conn, only=only)
    spans = {account.id: spans[account.id] for account in accounts if account.id in spans}
    curves = await load_curves(conn, spans, max_points=FIGURE_POINTS)
    closes = await load_daily_closes(conn, spans)
    day_ago = await load_earlier_readings(conn, spans, before=DAY, tolerance=DAY_TOLERANCE)
    trades = await load_closed_trades(conn, only=only)
    holds = await load_hold_returns(conn, market, spans)

    def compute() -> tuple[AccountFigures, ...]:
        return tuple(
            _figures(
                account,
                (*curves.get(account.id, ()), *closes.get(account.id, ())),
                trades.get(account.id, ()),
                day_ago.get(account.id),
                holds.get(account.id),
            )
            for account in accounts
        )

    return await asyncio.to_thread(compute)


async def load_hold_returns(
    conn: AsyncConnection, market: str | None, spans: Mapping[str, Span]
) -> dict[str, float]:
    """By account, the return of BTC over the account's own time; none without stored prices."""
    benchmark = await find_benchmark(conn, market) if market else None
    if benchmark is None or not spans:
        return {}
    instants = {at for span in spans.values() for at in (span.first, span.last)}
    prices = await load_prices_at(conn, benchmark, sorted(instants))
    return {
        account_id: to_float(prices[span.last] / prices[span.first] - 1)
        for account_id, span in spans.items()
        if span.first in prices and span.last in prices
    }


def _figures(
    account: AccountView,
    snapshots: tuple[EquityReading, ...],
    trades: tuple[ClosedTrade, ...],
    day_ago: EquityReading | None,
    hold_return: float | None,
) -> AccountFigures:
    by_instant = {reading.at: reading for reading in snapshots}
    readings = _from_the_start(account, [by_instant[at] for at in sorted(by_instant)])
    return AccountFigures(
        account=account,
        summary=summarise(readings, trades),
        day_ago=day_ago,
        change_24h=compute_total_return([day_ago, readings[-1]]) if day_ago and readings else None,
        hold_return=hold_return,
    )


def _from_the_start(account: AccountView, snapshots: list[EquityReading]) -> list[EquityReading]:
    """The starting equity takes the place of the first snapshot, so no day is counted for it."""
    if len(snapshots) < 2:
        return [starting_reading(account, snapshots[0].at), *snapshots] if snapshots else []
    start = EquityReading(at=snapshots[0].at, equity=account.initial_equity)
    return [start, *snapshots[1:]]


def sum_of(amounts: list[Decimal | None]) -> Decimal:
    """Sum of what is known."""
    return sum((amount for amount in amounts if amount is not None), Decimal(0))
