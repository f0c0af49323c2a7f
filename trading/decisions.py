"""Decisions: what the decider of an account chose for each asset, before risk has spoken."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Action(StrEnum):
    """`buy` and `sell` open or add in that direction; `close` leaves the position at market."""

    BUY = "buy"
    SELL = "sell"
    HOLD = "hold"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeDecision:
    """One asset's decision. `allocation_usd` is notional (quote), never margin."""

    symbol: str
    action: Action
    allocation_usd: Decimal
    take_profit_price: Decimal | None
    stop_price: Decimal | None
    exit_plan: str
    rationale: str
    confidence: float
    """0..1; rule agents state it, a model may leave 1."""
    decided_by: str
    """Strategy name or model."""
    takes_stop: bool = True
    """False only for benchmark agents that hold without a stop (buy & hold), by configuration."""
