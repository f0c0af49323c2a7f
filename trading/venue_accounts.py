"""An account as its venue reports it, and what our record of it lacks: the words of reconciling.

Money is quote, quantities are base; times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from trading.orders import Fill, Order
from trading.positions import Position
from trading.units import ZERO

SMALLEST_AMOUNT = Decimal("1e-8")
"""Quote: what venues round amounts to. A difference beyond it has a cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Money of a venue account, quote."""

    wallet: Decimal
    """Cash: start + realised - fees + funding + transfers."""
    unrealized: Decimal
    margin_used: Decimal
    available: Decimal

    @property
    def equity(self) -> Decimal:
        return self.wallet + self.unrealized


@dataclass(frozen=True, slots=True, kw_only=True)
class Income:
    """One line of the venue's ledger other than a fill: funding, transfer, liquidation fee."""

    tran_id: str
    kind: str
    """One of `IncomeKind`, or the venue's own word in small letters."""
    symbol: str | None
    amount: Decimal
    at: datetime


class IncomeKind(StrEnum):
    """Lines of the ledger that have a meaning here."""

    FUNDING = "funding"
    TRANSFER = "transfer"
    """Deposit or withdrawal: a flow, not a return."""
    LIQUIDATION_FEE = "liquidation_fee"


@dataclass(frozen=True, slots=True, kw_only=True)
class VenuePosition:
    """A position as the venue reports it, with its mark."""

    position: Position
    mark: Decimal
    liquidation_price: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueAccount:
    """An account as its venue reports it, all of one instant where the venue can do that."""

    balance: Balance
    positions: tuple[VenuePosition, ...]
    """By symbol."""
    open_orders: tuple[Order, ...]
    """In order of arrival."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What an account has in one instrument: its position, and the orders that rest for it."""

    position: VenuePosition | None
    open_orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """What our record has of a venue account, so that the venue can say what is missing in it."""

    trade_ids: Mapping[str, str]
    """Id of the fill that was booked last, by symbol."""
    newest_trade_id: str | None
    """Of the fill that was booked last, of whatever symbol."""
    tran_id: str | None
    """Of the income line that was booked last."""
    income_at: datetime | None
    """The latest instant of a booked income line."""
    wallet: Decimal | None
    """What the booked lines make of the opening balance (quote); None where none is known."""
    quantities: Mapping[str, Decimal]
    """Signed quantity by symbol, as the venue reported it last."""
    orders: Mapping[str, str]
    """Client order id by the venue's order id, of orders of ours."""
    unsettled: frozenset[str]
    """Symbols with an order of ours whose end is not booked."""
    since: datetime | None
    """Nothing before it belongs to this record; None: everything does."""
    has_gap: bool = False
    """With all that was new booked it did not make the venue's wallet: a line may have been listed late,
    below those that are booked."""

    def gap(
        self, seen: VenueAccount, fills: Iterable[Fill], income: Iterable[Income] = ()
    ) -> Decimal:
        """What the record with new lines lacks to the venue's wallet (quote).

        0 within `SMALLEST_AMOUNT`, and where no opening balance is known.
        """
        if self.wallet is None:
            return ZERO
        traded = sum((fill.realized_pnl - fill.fee for fill in fills), ZERO)
        other = sum((line.amount for line in income), ZERO)
        gap = seen.balance.wallet - (self.wallet + traded + other)
        return gap if abs(gap) > SMALLEST_AMOUNT else ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Movements:
    """What moved money or positions at a venue and is not in our record yet."""

    fills: tuple[Fill, ...]
    """Oldest first, complete."""
    income: tuple[Income, ...]
    """Oldest first, complete."""
