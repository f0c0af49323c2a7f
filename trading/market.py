"""What is known of a market at one instant: quote, funding, and the view handed to a strategy."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from trading.candles import CandleWindow
from trading.instruments import Instrument
from trading.timeframes import Timeframe


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Prices of an instrument at `at` (quote per base). `None` means unknown, never zero."""

    symbol: str
    at: datetime
    last: Decimal
    mark: Decimal
    bid: Decimal
    ask: Decimal
    funding_rate: Decimal | None = None
    """Ratio per funding period; positive means longs pay."""
    next_funding_at: datetime | None = None
    open_interest: Decimal | None = None
    """Base quantity outstanding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingRate:
    """The rate that was paid at `at`: ratio of notional at `mark`."""

    symbol: str
    at: datetime
    rate: Decimal
    mark: Decimal


@dataclass(frozen=True, slots=True)
class BookLevel:
    """Resting quantity (base) at one price."""

    price: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBook:
    """The nearest resting orders of an instrument at `at`."""

    symbol: str
    at: datetime
    bids: tuple[BookLevel, ...]
    """Best (highest) first."""
    asks: tuple[BookLevel, ...]
    """Best (lowest) first."""


@dataclass(frozen=True, kw_only=True)
class MarketView:
    """All that a decision about one instrument may look at: closed candles and one quote.

    `windows` holds one contiguous window per timeframe; all end at or before `quote.at`.
    """

    instrument: Instrument
    quote: Quote
    windows: dict[Timeframe, CandleWindow] = field(default_factory=dict)
    book: OrderBook | None = None
    """None where nobody asked for it or the market has none."""
    fundings: tuple[FundingRate, ...] = ()
    """What was paid lately, oldest first; empty where nobody asked for it."""

    @property
    def symbol(self) -> str:
        return self.instrument.symbol
