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
from trading.positions import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperFees:
    """Ratios of fill notional (rules: section 2, defaults of seed 004)."""

    maker: Decimal = Decimal("0.0002")
    taker: Decimal = Decimal("0.0006")
    slippage: Decimal = Decimal("0.0005")
    """Against the trader on every taker fill; none on resting limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookState:
    """One paper account at `matched_until`: all candles up to there have been matched."""

    wallet: Decimal
    matched_until: datetime
    positions: Mapping[str, Position] = field(default_factory=dict[str, Position])
    orders: Mapping[str, Order] = field(default_factory=dict[str, Order])
    """Open orders by venue order id, in order of arrival."""
    leverage: Mapping[str, int] = field(default_factory=dict[str, int])
    next_order_id: int = 1
    next_trade_id: int = 1
    next_tran_id: int = 1
    fees: PaperFees = field(default_factory=PaperFees)


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


VenueEvent = OrderChanged | OrderFilled | FundingPaid
