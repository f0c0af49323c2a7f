"""Figures of closed trades, net of fees and funding; None where there is nothing to divide by.

Amounts are quote. A trade won when its net PnL is above zero and lost when it is below; a trade that
broke even is neither, counts in the win rate below only, and ends a streak of either kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from trading.trades import Trade
from trading.units import ZERO, to_float

CENT_DIGITS = 8
"""Places of a mean of amounts: what the ledger is exact to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeFigures:
    """What closed trades earned."""

    count: int
    wins: int
    losses: int
    win_rate: float | None
    profit_factor: float | None
    gross_pnl: Decimal
    fees: Decimal
    funding: Decimal
    """Received; negative was paid."""
    net_pnl: Decimal
    """gross - fees + funding."""
    fee_share: float | None
    """Fees over gross PnL; None unless that is positive."""
    funding_share: float | None
    """Funding over gross PnL, negative when paid; None unless that is positive."""
    average_win: Decimal | None
    average_loss: Decimal | None
    """Negative, like `largest_loss`."""
    expectancy: Decimal | None
    """Mean net PnL of a trade."""
    largest_win: Decimal | None
    largest_loss: Decimal | None
    longest_winning_streak: int
    longest_losing_streak: int
    current_streak: int
    """Wins in a row up to the newest close; negative: losses."""
    mean_holding_seconds: float | None
    median_holding_seconds: float | None
    longest_holding_seconds: float | None


def summarise_trades(trades: Sequence[Trade]) -> TradeFigures:
    """Figures of closed trades in order of closing."""
    results = [trade.net_pnl for trade in trades]
    won = [result for result in results if result > ZERO]
    lost = [result for result in results if result < ZERO]
    gross = sum((trade.gross_pnl for trade in trades), ZERO)
    fees = sum((trade.fees for trade in trades), ZERO)
    funding = sum((trade.funding for trade in trades), ZERO)
    streaks = compute_streaks(results)
    held = [
        (trade.closed_at - trade.opened_at).total_seconds()
        for trade in trades
        if trade.closed_at is not None
    ]
    return TradeFigures(
        count=len(trades),
        wins=len(won),
        losses=len(lost),
        win_rate=compute_win_rate(results),
        profit_factor=compute_profit_factor(results),
        gross_pnl=gross,
        fees=fees,
        funding=funding,
        net_pnl=gross - fees + funding,
        fee_share=compute_share_of_gross(fees, gross),
        funding_share=compute_share_of_gross(funding, gross),
        average_win=mean_amount(won),
        average_loss=mean_amount(lost),
        expectancy=mean_amount(results),
        largest_win=max(won, default=None),
        largest_loss=min(lost, default=None),
        longest_winning_streak=streaks.longest_winning,
        longest_losing_streak=streaks.longest_losing,
        current_streak=streaks.current,
        mean_holding_seconds=sum(held) / len(held) if held else None,
        median_holding_seconds=median(held) if held else None,
        longest_holding_seconds=max(held, default=None),
    )


def compute_win_rate(results: Sequence[Decimal]) -> float | None:
    """Net PnLs above zero over all; break-even counts only below. None with none."""
    return sum(result > ZERO for result in results) / len(results) if results else None


def compute_profit_factor(results: Sequence[Decimal]) -> float | None:
    """Sum of net wins over sum of net losses; None when nothing was lost."""
    lost = -sum((result for result in results if result < ZERO), ZERO)
    won = sum((result for result in results if result > ZERO), ZERO)
    return to_float(won / lost) if lost > ZERO else None


def compute_share_of_gross(amount: Decimal, gross_pnl: Decimal) -> float | None:
    """Amount over gross PnL; None when the trades earned nothing that a share could be taken of."""
    return to_float(amount / gross_pnl) if gross_pnl > ZERO else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Streaks:
    """Wins and losses in a row."""

    longest_winning: int
    longest_losing: int
    current: int
    """Positive for wins, negative for losses, 0 after a trade that broke even."""


def compute_streaks(results: Sequence[Decimal]) -> Streaks:
    """Of net PnL in order of closing."""
    longest, shortest, current = 0, 0, 0
    for result in results:
        sign = (result > ZERO) - (result < ZERO)
        current = current + sign if sign * current > 0 else sign
        longest, shortest = max(longest, current), min(shortest, current)
    return Streaks(longest_winning=longest, longest_losing=-shortest, current=current)


def mean_amount(amounts: Sequence[Decimal]) -> Decimal | None:
    """Mean of amounts of money, to `CENT_DIGITS` places; None with none."""
    return round(sum(amounts, ZERO) / len(amounts), CENT_DIGITS) if amounts else None
