"""Performance of every account, put together from the store and computed by `trading.performance`.

Every snapshot counts: ratios come from the account's whole path of equity, amounts from its exact
first and last reading. The first reading is the starting equity at the time of the first snapshot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.views.accounts import AccountView, load_accounts
from adapters.store.views.equity import load_earlier_readings
from adapters.store.views.equity_paths import PathEnds, load_path_ends
from adapters.store.views.hold import find_benchmark, load_prices_at
from adapters.store.views.trades import load_trade_histories
from api.equity_tracks import EquityTracks
from trading.performance.records import EquityReading
from trading.performance.settings import FigureSettings
from trading.performance.summary import DEFAULT_SETTINGS, PerformanceSummary, summarise_track
from trading.performance.total_return import compute_total_return
from trading.performance.track import EquityTrack
from trading.trades import Trade, TradeHistory
from trading.units import to_float

DAY = timedelta(days=1)
DAY_TOLERANCE = timedelta(hours=6)
ENOUGH_TRADES = 30
ENOUGH_DAYS = 30.0
"""Below either, a result cannot be told from luck and is marked "too early"."""
_TICK = timedelta(microseconds=1)
_NO_TRADES = TradeHistory((), {})


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFigures:
    """One account with its figures; ratios, 0.05 is 5 %."""

    account: AccountView
    summary: PerformanceSummary
    closed: tuple[Trade, ...]
    """In order of closing."""
    newest: EquityReading | None
    day_ago: EquityReading | None
    change_24h: float | None
    hold_return: float | None
    """BTC bought at the account's first snapshot and held until its newest."""

    @property
    def is_too_early(self) -> bool:
        equity, trades = self.summary.equity, self.summary.trades
        return trades.count < ENOUGH_TRADES or equity.days < ENOUGH_DAYS

    @property
    def vs_btc_hold(self) -> float | None:
        total = self.summary.equity.total_return
        return None if total is None or self.hold_return is None else total - self.hold_return


def starting_reading(account: AccountView, first_at: datetime) -> EquityReading:
    """The configured equity just before the first snapshot, which may already hold a fee."""
    return EquityReading(at=first_at - _TICK, equity=account.initial_equity)


async def load_figures(
    conn: AsyncConnection,
    tracks: EquityTracks,
    *,
    market: str | None,
    only: str | None = None,
    settings: FigureSettings = DEFAULT_SETTINGS,
) -> tuple[AccountFigures, ...]:
    """Figures of all accounts (or of one), by account id. `market` names the benchmark's prices."""
    accounts = await load_accounts(conn, only=only)
    ends = await load_path_ends(conn, only=only)
    followed = await tracks.load(conn, accounts, ends)
    day_ago = await load_earlier_readings(
        conn,
        {key: each.last.at - DAY for key, each in ends.items()},
        tolerance=DAY_TOLERANCE,
    )
    histories = await load_trade_histories(conn, only=only)
    holds = await load_hold_returns(conn, market, ends)

    def compute() -> tuple[AccountFigures, ...]:
        return tuple(
            _figures(
                account,
                followed.get(account.id),
                ends.get(account.id),
                histories.get(account.id, _NO_TRADES),
                settings,
                day_ago.get(account.id),
                holds.get(account.id),
            )
            for account in accounts
        )

    return await asyncio.to_thread(compute)


async def load_hold_returns(
    conn: AsyncConnection, market: str | None, ends: Mapping[str, PathEnds]
) -> dict[str, float]:
    """By account, the return of BTC over the account's own time; none without stored prices."""
    benchmark = await find_benchmark(conn, market) if market else None
    if benchmark is None or not ends:
        return {}
    spans = {key: (each.first.at, each.last.at) for key, each in ends.items()}
    prices = await load_prices_at(
        conn, benchmark, sorted({at for span in spans.values() for at in span})
    )
    return {
        account_id: to_float(prices[last] / prices[first] - 1)
        for account_id, (first, last) in spans.items()
        if first in prices and last in prices
    }


def _figures(
    account: AccountView,
    track: EquityTrack | None,
    ends: PathEnds | None,
    history: TradeHistory,
    settings: FigureSettings,
    day_ago: EquityReading | None,
    hold_return: float | None,
) -> AccountFigures:
    first = EquityReading(at=ends.first.at, equity=account.initial_equity) if ends else None
    last = ends.last if ends else None
    return AccountFigures(
        account=account,
        summary=summarise_track(
            track,
            (first, last),
            history.closed,
            still_open=tuple(history.open_by_symbol.values()),
            settings=settings,
        ),
        closed=history.closed,
        newest=last,
        day_ago=day_ago,
        change_24h=compute_total_return([day_ago, last]) if day_ago and last else None,
        hold_return=hold_return,
    )


def sum_of(amounts: list[Decimal | None]) -> Decimal:
    """Sum of what is known."""
    return sum((amount for amount in amounts if amount is not None), Decimal(0))
