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


@dataclass(frozen=True, kw_only=True)
class MarketView:
    """All that a decision about one instrument may look at: closed candles and one quote.

    `windows` holds one contiguous window per timeframe; all end at or before `quote.at`.
    """

    instrument: Instrument
    quote: Quote
    windows: dict[Timeframe, CandleWindow] = field(default_factory=dict)

    @property
    def symbol(self) -> str:
        return self.instrument.symbol
