"""Turnover and trade frequency: how much and how often an account traded."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from trading.trades import Trade
from trading.units import ZERO, to_float


def compute_traded_notional(trades: Iterable[Trade]) -> Decimal:
    """What was bought and what was sold, both counted, in quote; open trades count with what they
    traded so far."""
    return sum((_notional_of(trade) for trade in trades), ZERO)


def compute_turnover(traded_notional: Decimal, mean_equity: float | None) -> float | None:
    """Traded notional over the mean equity: 2 is everything bought once and sold once."""
    return to_float(traded_notional) / mean_equity if mean_equity is not None else None


def per_day(amount: float | None, days: float) -> float | None:
    """A figure per day of market time; None before a whole day has passed: too short to tell."""
    return amount / days if amount is not None and days >= 1.0 else None


def _notional_of(trade: Trade) -> Decimal:
    entered = trade.entered_quantity * trade.entry_price
    exited = ZERO if trade.exit_price is None else trade.exited_quantity * trade.exit_price
    return entered + exited
