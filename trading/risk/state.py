"""All that the checks may look at for one entry, gathered by the caller at one instant.

Money is quote, times are market times. Missing is `None`, never zero: a check that needs a figure
refuses the entry when it is not there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from trading.account import OperatorState, TradingState
from trading.decisions import Action, TradeDecision
from trading.errors import InvalidRecord
from trading.instruments import Instrument
from trading.limits import RiskLimits
from trading.market import Quote
from trading.orders import Side
from trading.risk.correlation import Correlations
from trading.risk.positions import LastClose, MarkedPosition
from trading.units import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskContext:
    """One decision to open or add, and what the account looks like before it."""

    limits: RiskLimits
    decision: TradeDecision
    instrument: Instrument
    quote: Quote
    at: datetime
    """The market time for which the decision was made."""
    judged_at: datetime
    """The market time of the verdict: who decides may have taken long, where the market goes on."""
    next_slot: datetime
    """Market time of the account's next decision; this one is too late from then on."""
    equity: Decimal | None
    available: Decimal | None
    """Balance that no position or order has set aside."""
    equity_at_day_start: Decimal | None
    """At 00:00 UTC, or the starting equity on the first day."""
    lowest_equity_today: Decimal | None
    """Lowest stored reading since 00:00 UTC; this is what latches the daily loss over restarts."""
    peak_equity: Decimal | None
    """As stored, see `trading.risk.gates.next_peak`."""
    trading_state: TradingState
    """As stored: the last drawdown gate."""
    positions: tuple[MarkedPosition, ...]
    """Every open position of the account, this symbol's included."""
    entries_today: int | None
    atr: float | None
    """ATR(14) of 1h candles of the decision's instrument, quote per base."""
    last_close: LastClose | None
    """Of this symbol, as stored; None: it was never held."""
    correlations: Correlations = field(default_factory=Correlations)
    """Of the account's symbols; a pair that is not in it counts as one bet."""
    pays_funding: bool = True
    """False only in a market that has no funding at all, where an unknown rate is no cost."""
    operator_state: OperatorState = OperatorState.ACTIVE
    """As stored: halted by `perpflow panic` or not."""
    frozen: str | None = None
    """Why the venue's state of this symbol is not settled, or None."""
    data_problem: str | None = None
    """What is wrong with the market data (stale, gap), or None."""
    taker_fee: Decimal = Decimal("0.0006")
    """Ratio of notional; a live account's own rate replaces the default of rules section 2."""
    slippage: Decimal = Decimal("0.0005")
    """Ratio against the trader that the margin must be able to bear."""

    def __post_init__(self) -> None:
        if self.decision.action not in (Action.BUY, Action.SELL):
            raise InvalidRecord(
                f"{self.decision.symbol}: a decision to {self.decision.action} is no entry;"
                " use check_close for a close and skip a hold"
            )
        names = {self.decision.symbol, self.instrument.symbol, self.quote.symbol}
        if len(names) != 1:
            raise InvalidRecord(
                f"decision, instrument and quote are of different symbols: {', '.join(sorted(names))}"
            )

    @property
    def symbol(self) -> str:
        return self.instrument.symbol

    @property
    def side(self) -> Side:
        return Side.BUY if self.decision.action is Action.BUY else Side.SELL

    @property
    def price(self) -> Decimal:
        """What a market order would pay before slippage: ask for a buy, bid for a sell."""
        return self.quote.ask if self.side is Side.BUY else self.quote.bid

    @property
    def held(self) -> MarkedPosition | None:
        """The open position in this symbol."""
        return next(
            (
                item
                for item in self.positions
                if item.position.symbol == self.symbol and item.position.quantity != ZERO
            ),
            None,
        )
