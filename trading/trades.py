"""Trades: round trips of one instrument, flat to flat, built from fills in their order of booking.

Amounts are quote, quantities base. The gross PnL is the venue's own (`Fill.realized_pnl`), so the
trades of an account add up to its ledger: the sum of gross - fees over trades equals the sum of
realised - fee over fills, also when one fill closes a trade and opens the opposite one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from trading.errors import InvalidRecord
from trading.orders import Fill
from trading.positions import Direction
from trading.units import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One round trip; open while `open_quantity` is not zero."""

    symbol: str
    direction: Direction
    """Long or short; never changes, a flip is another trade."""
    opened_at: datetime
    closed_at: datetime | None = None
    quantity: Decimal
    """Largest quantity held at once, positive."""
    open_quantity: Decimal
    """Signed, long positive; zero when closed."""
    entered_quantity: Decimal
    """Sum of all increases, positive."""
    exited_quantity: Decimal = ZERO
    """Sum of all decreases, positive."""
    entry_price: Decimal
    """Quantity-weighted mean of the increases."""
    exit_price: Decimal | None = None
    """Quantity-weighted mean of the decreases; None before the first."""
    gross_pnl: Decimal = ZERO
    """Realised so far, before fees and funding."""
    fees: Decimal = ZERO
    """Paid; negative is a rebate."""
    funding: Decimal = ZERO
    """Received; negative was paid."""

    @property
    def net_pnl(self) -> Decimal:
        return self.gross_pnl - self.fees + self.funding

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class TradeHistory:
    """The trades of an account: closed ones in order of closing, open ones by symbol."""

    closed: tuple[Trade, ...]
    open_by_symbol: dict[str, Trade]


def build_trades(fills: Iterable[Fill]) -> TradeHistory:
    """All trades of a run of fills (any symbols), which starts flat and is in order of booking."""
    closed: list[Trade] = []
    open_by_symbol: dict[str, Trade] = {}
    for fill in fills:
        ended, going_on = apply_fill_to_trade(open_by_symbol.pop(fill.symbol, None), fill)
        if ended is not None:
            closed.append(ended)
        if going_on is not None:
            open_by_symbol[fill.symbol] = going_on
    return TradeHistory(tuple(closed), open_by_symbol)


def apply_fill_to_trade(trade: Trade | None, fill: Fill) -> tuple[Trade | None, Trade | None]:
    """The trade that the fill closed and the one that is open after it, each None if there is none.

    A fill larger than the open quantity closes the trade and opens the opposite one; its fee is
    split by quantity, its realised PnL belongs to the closed one.

    Raises
    ------
    InvalidRecord
        The fill has no positive quantity, is of another symbol, or the trade is already closed.
    """
    _require_match(trade, fill)
    signed = fill.quantity * fill.side.sign
    if trade is None:
        return None, _opened(fill, signed, fill.fee)
    if (trade.open_quantity > ZERO) == (signed > ZERO):
        return None, _increased(trade, fill)
    if fill.quantity < abs(trade.open_quantity):
        return None, _decreased(trade, fill, fill.quantity, fill.fee)
    rest = fill.quantity - abs(trade.open_quantity)
    if rest == ZERO:
        return _closed(trade, fill, fill.fee), None
    fee_of_rest = fill.fee * rest / fill.quantity
    return (
        _closed(trade, fill, fill.fee - fee_of_rest),
        _opened(replace(fill, realized_pnl=ZERO), rest * fill.side.sign, fee_of_rest),
    )


def apply_funding_to_trade(trade: Trade, amount: Decimal) -> Trade:
    """The trade after a funding payment (quote; negative: the account paid)."""
    return replace(trade, funding=trade.funding + amount)


def _require_match(trade: Trade | None, fill: Fill) -> None:
    if fill.quantity <= ZERO:
        raise InvalidRecord(
            f"fill {fill.trade_id} of {fill.symbol} has quantity {fill.quantity}, must be positive"
        )
    if trade is not None and trade.symbol != fill.symbol:
        raise InvalidRecord(
            f"fill {fill.trade_id} is of {fill.symbol}, the open trade of {trade.symbol}"
        )
    if trade is not None and trade.open_quantity == ZERO:
        raise InvalidRecord(
            f"fill {fill.trade_id}: the {trade.symbol} trade of {trade.opened_at:%Y-%m-%dT%H:%MZ} "
            f"is closed, pass None to open the next one"
        )


def _opened(fill: Fill, signed: Decimal, fee: Decimal) -> Trade:
    return Trade(
        symbol=fill.symbol,
        direction=Direction.LONG if signed > ZERO else Direction.SHORT,
        opened_at=fill.filled_at,
        quantity=abs(signed),
        open_quantity=signed,
        entered_quantity=abs(signed),
        entry_price=fill.price,
        gross_pnl=fill.realized_pnl,
        fees=fee,
    )


def _increased(trade: Trade, fill: Fill) -> Trade:
    open_quantity = trade.open_quantity + fill.quantity * fill.side.sign
    return replace(
        trade,
        quantity=max(trade.quantity, abs(open_quantity)),
        open_quantity=open_quantity,
        entered_quantity=trade.entered_quantity + fill.quantity,
        entry_price=_mean(trade.entry_price, trade.entered_quantity, fill.price, fill.quantity),
        gross_pnl=trade.gross_pnl + fill.realized_pnl,
        fees=trade.fees + fill.fee,
    )


def _decreased(trade: Trade, fill: Fill, quantity: Decimal, fee: Decimal) -> Trade:
    before = fill.price if trade.exit_price is None else trade.exit_price
    return replace(
        trade,
        open_quantity=trade.open_quantity + quantity * fill.side.sign,
        exited_quantity=trade.exited_quantity + quantity,
        exit_price=_mean(before, trade.exited_quantity, fill.price, quantity),
        gross_pnl=trade.gross_pnl + fill.realized_pnl,
        fees=trade.fees + fee,
    )


def _closed(trade: Trade, fill: Fill, fee: Decimal) -> Trade:
    ended = _decreased(trade, fill, abs(trade.open_quantity), fee)
    return replace(ended, closed_at=fill.filled_at)


def _mean(mean: Decimal, weight: Decimal, price: Decimal, quantity: Decimal) -> Decimal:
    return (mean * weight + price * quantity) / (weight + quantity)
