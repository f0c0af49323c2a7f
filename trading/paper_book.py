"""State of the paper venue for one account, and what can happen in it.

`BookState` is everything the matching engine needs; applying an event list to the store and to
the state must give the same account (wallet = start + realised - fees + funding + transfers).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from trading.orders import Fill, Order
from trading.paper_terms import PaperExecution, PaperFees
from trading.positions import MarginMode, Position


@dataclass(frozen=True, slots=True, kw_only=True)
class BookState:
    """One paper account at `matched_until`: all candles up to there have been matched."""

    wallet: Decimal
    matched_until: datetime
    positions: Mapping[str, Position] = field(default_factory=dict[str, Position])
    orders: Mapping[str, Order] = field(default_factory=dict[str, Order])
    """Open orders by venue order id, in order of arrival."""
    waiting: Mapping[str, Order] = field(default_factory=dict[str, Order])
    """Exits of groups whose entry has not filled yet (`pending`), in order of arrival."""
    leverage: Mapping[str, int] = field(default_factory=dict[str, int])
    margin_modes: Mapping[str, MarginMode] = field(default_factory=dict[str, MarginMode])
    """Of new positions, by symbol; isolated where nothing was set."""
    marks: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    """Last known price of every symbol held in cross mode: one account stands behind them all."""
    next_order_id: int = 1
    next_trade_id: int = 1
    next_tran_id: int = 1
    fees: PaperFees = field(default_factory=PaperFees)
    execution: PaperExecution = field(default_factory=PaperExecution)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged:
    """An order was accepted, filled, cancelled or expired; `order` is its new form."""

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilled:
    """A fill; the wallet already moved by `realized_pnl - fee`."""

    fill: Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingPaid:
    """Funding moved the wallet by `amount` (negative: the account paid)."""

    tran_id: str
    symbol: str
    amount: Decimal
    rate: Decimal
    mark: Decimal
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FundsMoved:
    """A deposit (positive) or withdrawal moved the wallet by `amount`; no profit, no loss."""

    tran_id: str
    amount: Decimal
    at: datetime


VenueEvent = OrderChanged | OrderFilled | FundingPaid | FundsMoved
