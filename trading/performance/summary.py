"""All performance figures of one account in one record; ratios, quote, None for undefined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from trading.performance.activity import compute_traded_notional, compute_turnover, per_day
from trading.performance.equity_figures import EquityFigures, summarise_equity
from trading.performance.path import path_of
from trading.performance.records import EquityReading
from trading.performance.risk_figures import RiskFigures, summarise_risk
from trading.performance.settings import FigureSettings
from trading.performance.track import EquityTrack, begin_track
from trading.performance.trade_figures import TradeFigures, summarise_trades
from trading.trades import Trade

DEFAULT_SETTINGS = FigureSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceSummary:
    """What an account earned, at what risk, and how it traded."""

    settings: FigureSettings
    equity: EquityFigures
    risk: RiskFigures
    trades: TradeFigures
    """Of closed trades."""
    traded_notional: Decimal
    """Bought plus sold, open trades included, quote."""
    turnover: float | None
    """Times the mean equity."""
    turnover_per_day: float | None
    trades_per_day: float | None
    """Closed ones."""


def summarise(
    readings: Sequence[EquityReading],
    closed: Sequence[Trade],
    *,
    still_open: Sequence[Trade] = (),
    expected: timedelta | None = None,
    settings: FigureSettings = DEFAULT_SETTINGS,
) -> PerformanceSummary:
    """Figures of readings (ascending in time) and trades (closed ones in order of closing).

    `expected` is the usual distance of two readings, for finding gaps.

    Raises
    ------
    InvalidRecord
        The readings are not in strictly ascending order.
    """
    ends = (readings[0], readings[-1]) if readings else (None, None)
    track = begin_track(path_of(readings), expected=expected)
    return summarise_track(track, ends, closed, still_open=still_open, settings=settings)


def summarise_track(
    track: EquityTrack | None,
    ends: tuple[EquityReading | None, EquityReading | None],
    closed: Sequence[Trade],
    *,
    still_open: Sequence[Trade] = (),
    settings: FigureSettings = DEFAULT_SETTINGS,
) -> PerformanceSummary:
    """As `summarise`, from a track and the exact money of its first and its last reading."""
    equity = summarise_equity(track, *ends)
    traded = compute_traded_notional((*closed, *still_open))
    turnover = compute_turnover(traded, equity.mean_equity)
    return PerformanceSummary(
        settings=settings,
        equity=equity,
        risk=summarise_risk(equity.daily_returns, equity.max_drawdown, settings),
        trades=summarise_trades(closed),
        traded_notional=traded,
        turnover=turnover,
        turnover_per_day=per_day(turnover, equity.days),
        trades_per_day=per_day(len(closed), equity.days),
    )
