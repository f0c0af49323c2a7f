"""What an account earned by its readings of equity: money exact, returns without flows, drawdown."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from trading.performance.drawdown import Drawdown, drawdown_of
from trading.performance.exposure import mean_equity, mean_exposure, time_in_market
from trading.performance.gaps import Gaps
from trading.performance.records import EquityReading
from trading.performance.returns import (
    DailyReturn,
    PeriodReturn,
    compute_monthly_returns,
    compute_weekly_returns,
    returns_of,
)
from trading.performance.total_return import compute_money_weighted_return
from trading.performance.track import EquityTrack
from trading.units import ZERO

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityFigures:
    """Every figure comes from the same readings; without any, all are None or empty."""

    first_at: datetime | None = None
    last_at: datetime | None = None
    days: float = 0.0
    """Market days between them."""
    starting_equity: Decimal | None = None
    equity: Decimal | None = None
    transfers: Decimal = ZERO
    """Deposits minus withdrawals between the first and the last reading."""
    net_pnl: Decimal | None = None
    """equity - starting equity - transfers."""
    total_return: float | None = None
    """Time-weighted, a ratio."""
    money_weighted_return: float | None = None
    daily_returns: tuple[DailyReturn, ...] = ()
    weekly_returns: tuple[PeriodReturn, ...] = ()
    monthly_returns: tuple[PeriodReturn, ...] = ()
    drawdown: Drawdown | None = None
    time_in_market: float | None = None
    """Share of time, 0 to 1."""
    mean_exposure: float | None = None
    """Gross exposure over equity."""
    mean_equity: float | None = None
    """Quote; a measure to divide by, not an amount to show."""
    gaps: Gaps = field(default_factory=Gaps)

    @property
    def max_drawdown(self) -> float | None:
        """Between 0 and 1."""
        return None if self.drawdown is None else self.drawdown.depth


def summarise_equity(
    track: EquityTrack | None, first: EquityReading | None, last: EquityReading | None
) -> EquityFigures:
    """Figures of a track; the amounts come from its first and last reading."""
    if track is None or first is None or last is None:
        return EquityFigures()
    transfers = last.transfers - first.transfers
    net_pnl = last.equity - first.equity - transfers
    growth, exposure = track.growth, track.exposure
    daily = () if growth is None else returns_of(growth.closes)
    return EquityFigures(
        first_at=first.at,
        last_at=last.at,
        days=(last.at - first.at) / DAY,
        starting_equity=first.equity,
        equity=last.equity,
        transfers=transfers,
        net_pnl=net_pnl,
        total_return=None if growth is None else growth.state.gain,
        money_weighted_return=compute_money_weighted_return(
            track.flows, starting_equity=first.equity, net_pnl=net_pnl
        ),
        daily_returns=daily,
        weekly_returns=compute_weekly_returns(daily),
        monthly_returns=compute_monthly_returns(daily),
        drawdown=None if growth is None else drawdown_of(growth.drawdown),
        time_in_market=time_in_market(exposure),
        mean_exposure=mean_exposure(exposure),
        mean_equity=mean_equity(exposure),
        gaps=track.gaps,
    )
