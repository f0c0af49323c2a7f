"""Figures of closed trades, net of fees and funding; None where there is nothing to divide by."""

from __future__ import annotations

from collections.abc import Sequence

from trading.performance.records import TradeResult
from trading.units import ZERO, to_float


def compute_win_rate(trades: Sequence[TradeResult]) -> float | None:
    """Trades with net PnL above zero over all; break-even counts only below. None with none."""
    if not trades:
        return None
    return sum(1 for trade in trades if trade.net_pnl > ZERO) / len(trades)


def compute_profit_factor(trades: Sequence[TradeResult]) -> float | None:
    """Sum of net wins over sum of net losses; None when nothing was lost."""
    won = sum((trade.net_pnl for trade in trades if trade.net_pnl > ZERO), ZERO)
    lost = -sum((trade.net_pnl for trade in trades if trade.net_pnl < ZERO), ZERO)
    return to_float(won / lost) if lost > ZERO else None
