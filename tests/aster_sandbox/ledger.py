"""The money of one user, line by line, as `income` shows it: the wallet is their sum, to the digit.

Amounts are USDT, rounded to the venue's eight decimals when they are booked; what is rounded away
never existed. It is kept apart from the matching engine, whose wallet is set from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from tests.aster_sandbox.venue_time import ms_of
from trading.orders import Fill, FillCause
from trading.paper_book import FundingPaid, FundsMoved, OrderFilled, VenueEvent
from trading.units import ZERO, plain

ASSET = "USDT"
_DIGITS = Decimal("0.00000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line; `tran_id` is unique within its type."""

    kind: str
    amount: Decimal
    at_ms: int
    tran_id: int
    symbol: str = ""
    trade_id: str = ""

    def document(self) -> dict[str, Any]:
        return {
            "symbol": self.symbol,
            "incomeType": self.kind,
            "income": plain(self.amount),
            "asset": ASSET,
            "info": self.trade_id or self.kind,
            "time": self.at_ms,
            "tranId": self.tran_id,
            "tradeId": self.trade_id,
        }


@dataclass(slots=True)
class Ledger:
    """Only ever grows."""

    lines: list[Line] = field(default_factory=list)
    wallet: Decimal = ZERO

    def book(self, event: VenueEvent) -> None:
        """The lines of one event of the engine; an order alone moves no money."""
        if isinstance(event, FundingPaid):
            self._add(
                "FUNDING_FEE", event.amount, ms_of(event.at), int(event.tran_id), event.symbol
            )
        elif isinstance(event, FundsMoved):
            self._add("TRANSFER", event.amount, ms_of(event.at), int(event.tran_id))
        elif isinstance(event, OrderFilled):
            self._book_fill(event.fill)

    def _book_fill(self, fill: Fill) -> None:
        number, at = int(fill.trade_id), ms_of(fill.filled_at)
        # What a liquidation costs on top of the loss goes to the insurance fund.
        is_forced = fill.cause is FillCause.LIQUIDATION
        cost = "INSURANCE_CLEAR" if is_forced else "COMMISSION"
        self._add("REALIZED_PNL", fill.realized_pnl, at, number, fill.symbol, fill.trade_id)
        self._add(cost, -fill.fee, at, number, fill.symbol, fill.trade_id)

    def _add(
        self,
        kind: str,
        amount: Decimal,
        at_ms: int,
        tran_id: int,
        symbol: str = "",
        trade_id: str = "",
    ) -> None:
        rounded = rounded_money(amount)
        if rounded == ZERO:
            return
        self.lines.append(
            Line(
                kind=kind,
                amount=rounded,
                at_ms=at_ms,
                tran_id=tran_id,
                symbol=symbol,
                trade_id=trade_id,
            )
        )
        self.wallet += rounded


def rounded_money(amount: Decimal) -> Decimal:
    """To the eight decimals that the venue keeps."""
    return amount.quantize(_DIGITS, rounding=ROUND_HALF_EVEN)
