"""What performance is measured on: readings of equity. Money is quote.

A reading exists only where the venue answered: a failed read is missing, never zero, and a record
with a broken number cannot be made. Trades are `trading.trades.Trade`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from trading.errors import InvalidRecord
from trading.units import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityReading:
    """Equity after fees and funding at one instant."""

    at: datetime
    equity: Decimal
    transfers: Decimal = ZERO
    """Deposits minus withdrawals since the account began (cumulative), contained in `equity`."""
    gross_exposure: Decimal | None = None
    """Sum of the notionals held at that instant; None when it was not read."""

    def __post_init__(self) -> None:
        exposure = ZERO if self.gross_exposure is None else self.gross_exposure
        if not (self.equity.is_finite() and self.transfers.is_finite() and exposure.is_finite()):
            raise InvalidRecord(
                f"equity reading of {self.at.isoformat()}: {self.equity} with transfers"
                f" {self.transfers} and exposure {exposure} is no money; leave a failed reading out"
            )


def require_order(readings: Sequence[EquityReading]) -> None:
    """Raise `InvalidRecord` unless the readings ascend strictly in time."""
    for before, after in pairwise(readings):
        if after.at <= before.at:
            raise InvalidRecord(
                f"equity readings are not in order: {after.at.isoformat()} follows"
                f" {before.at.isoformat()}; sort them by time, one per instant"
            )
