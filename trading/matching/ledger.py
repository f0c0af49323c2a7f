"""An account's ledger from its fills and income alone: the check that every book must pass.

wallet = start + gross - fees + funding + transfers. Fills are keyed by symbol and trade id and taken
in the order of the venue, so partial fills in any order, any of them delivered twice, give one
result. Amounts are quote, quantities base.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from trading.errors import InvalidRecord
from trading.orders import Fill
from trading.ports import Income
from trading.positions import Position, apply_fill
from trading.units import ZERO

Line = TypeVar("Line")

TRANSFER = "transfer"
"""Kind of an income line that is neither profit nor loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What an account has earned and paid since `start`."""

    start: Decimal
    gross: Decimal
    """Realised PnL, before fees and funding."""
    fees: Decimal
    funding: Decimal
    """Received; negative was paid. Every income that is no transfer."""
    transfers: Decimal
    held: Mapping[str, Position]
    """What the fills leave open, with quantity and entry price; margins are the venue's to say."""

    @property
    def wallet(self) -> Decimal:
        return self.start + self.gross - self.fees + self.funding + self.transfers


def ledger_of(start: Decimal, fills: Iterable[Fill], income: Iterable[Income]) -> Ledger:
    """The ledger of an account that began with `start` in its wallet.

    Raises
    ------
    InvalidRecord
        Two different fills, or two different income lines, have one id.
    """
    # One order for all sums: a Decimal sum rounds its last digit by the order of its terms.
    booked = sorted(_once(((f.symbol, f.trade_id), f) for f in fills), key=_fill_sequence)
    lines = sorted(_once((("", line.tran_id), line) for line in income), key=_line_sequence)
    held: dict[str, Position] = {}
    for fill in booked:
        after = apply_fill(
            held.pop(fill.symbol, None),
            symbol=fill.symbol,
            side=fill.side,
            quantity=fill.quantity,
            price=fill.price,
            leverage=1,
            at=fill.filled_at,
        ).position
        if after is not None:
            held[fill.symbol] = after
    return Ledger(
        start=start,
        gross=sum((fill.realized_pnl for fill in booked), ZERO),
        fees=sum((fill.fee for fill in booked), ZERO),
        funding=sum((line.amount for line in lines if line.kind != TRANSFER), ZERO),
        transfers=sum((line.amount for line in lines if line.kind == TRANSFER), ZERO),
        held=held,
    )


def _fill_sequence(fill: Fill) -> tuple[datetime, int, str, str]:
    """Venues number their trades upwards: by time, then by the number."""
    return fill.filled_at, len(fill.trade_id), fill.trade_id, fill.symbol


def _line_sequence(line: Income) -> tuple[datetime, int, str]:
    return line.at, len(line.tran_id), line.tran_id


def _once(keyed: Iterable[tuple[tuple[str, str], Line]]) -> list[Line]:
    known: dict[tuple[str, str], Line] = {}
    for key, line in keyed:
        if known.setdefault(key, line) != line:
            raise InvalidRecord(f"{' '.join(key).strip()}: two different records have this id")
    return list(known.values())
