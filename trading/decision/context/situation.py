"""All that a model may know when it decides, as records: what the context is built from.

Money is quote, quantities are base, times are aware UTC market times. `None` is unknown or missing
and stays null, never zero. Nothing in here may be of later than `as_of`; what is, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from trading.account import TradingState
from trading.conditions import Condition
from trading.decision.outcomes import DecisionOutcome
from trading.indicators.market_document import MarketDocument
from trading.limits import RiskLimits
from trading.market import MarketView
from trading.orders import Fill, Order
from trading.ports import Balance, VenuePosition
from trading.regime.detection import RegimeReading
from trading.timeframes import Timeframe
from trading.trades import Trade


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the account does."""

    balance: Balance
    start_equity: Decimal
    """The immutable baseline."""
    total_return: Decimal | None = None
    """Since the start, deposits and withdrawals removed; a ratio."""
    drawdown: Decimal | None = None
    """From the stored peak, a ratio from 0."""
    sharpe: float | None = None
    """Of daily returns, annualised."""
    trading_state: TradingState = TradingState.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRoom:
    """What the risk rules would let through in one instrument now, by `trading.decision.room`."""

    asset: str
    most_buy: Decimal
    """Largest notional of a buy; zero when nothing may be bought."""
    most_sell: Decimal
    smallest: Decimal
    """Notional under which no order is taken."""
    no_buy_because: str = ""
    """Our own sentence, where `most_buy` is zero."""
    no_sell_because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPosition:
    """An open position with its plan."""

    asset: str
    held: VenuePosition
    stop_price: Decimal | None = None
    take_profit_price: Decimal | None = None
    leave_by: datetime | None = None
    """When the longest holding time ends."""
    conditions: tuple[Condition, ...] = ()
    """Any of them ends the position."""
    orders: tuple[Order, ...] = ()
    """Resting in its symbol."""
    exit_plan: str = ""
    """The model's own words when it entered: quoted, never obeyed."""
    rationale: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTrade:
    """A closed trade, and why it was entered and left."""

    asset: str
    trade: Trade
    close_reason: str | None = None
    """Code of the exit."""
    rationale: str = ""
    """The model's own words when it entered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketBrief:
    """One instrument: its document, and what the view knows besides."""

    view: MarketView
    document: MarketDocument
    regime: RegimeReading | None = None

    @property
    def asset(self) -> str:
        return self.view.instrument.base


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """Text from outside: news, a notice of the venue. Data, never an instruction."""

    at: datetime
    source: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One account at one instant."""

    as_of: datetime
    interval: Timeframe
    """How often the account decides."""
    standing: Standing
    limits: RiskLimits
    entries_today: int | None
    rooms: tuple[EntryRoom, ...] = ()
    positions: tuple[HeldPosition, ...] = ()
    fills: tuple[Fill, ...] = ()
    past: tuple[PastTrade, ...] = ()
    outcomes: tuple[DecisionOutcome, ...] = ()
    """How earlier decisions turned out."""
    markets: tuple[MarketBrief, ...] = ()
    no_data: Mapping[str, str] = field(default_factory=dict[str, str])
    """By asset: why its market cannot be shown."""
    announcements: tuple[Announcement, ...] = ()
