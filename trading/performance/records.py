"""What performance is measured on: readings of equity, and closed trades. Money is quote.

A reading exists only where the venue answered: a failed read is missing, never zero, and a record
with a broken number cannot be made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Protocol

from trading.errors import InvalidRecord
from trading.units import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityReading:
    """Equity after fees and funding at one instant."""

    at: datetime
    equity: Decimal
    transfers: Decimal = ZERO
    """Deposits minus withdrawals since the account began (cumulative), contained in `equity`."""

    def __post_init__(self) -> None:
        if not (self.equity.is_finite() and self.transfers.is_finite()):
            raise InvalidRecord(
                f"equity reading of {self.at.isoformat()}: {self.equity} with transfers"
                f" {self.transfers} is no money; leave a failed reading out"
            )


class TradeResult(Protocol):
    """What a closed trade earned; `trading.trades.Trade` is one, once it is closed."""

    @property
    def gross_pnl(self) -> Decimal: ...

    @property
    def fees(self) -> Decimal: ...

    @property
    def funding(self) -> Decimal:
        """Received (negative: paid)."""
        ...

    @property
    def net_pnl(self) -> Decimal:
        """gross - fees + funding."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedTrade:
    """The result alone of one round trip, for callers that read it from a store."""

    closed_at: datetime
    gross_pnl: Decimal
    fees: Decimal
    funding: Decimal

    @property
    def net_pnl(self) -> Decimal:
        return self.gross_pnl - self.fees + self.funding


def require_order(readings: Sequence[EquityReading]) -> None:
    """Raise `InvalidRecord` unless the readings ascend strictly in time."""
    for before, after in pairwise(readings):
        if after.at <= before.at:
            raise InvalidRecord(
                f"equity readings are not in order: {after.at.isoformat()} follows"
                f" {before.at.isoformat()}; sort them by time, one per instant"
            )
