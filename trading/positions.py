"""Positions and what a fill does to them (rules: section 1). Quantity is signed, long positive."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from trading.orders import Side
from trading.units import ZERO


class Direction(StrEnum):
    """Of a signal or a position."""

    LONG = "long"
    SHORT = "short"
    FLAT = "flat"

    @property
    def sign(self) -> int:
        return {Direction.LONG: 1, Direction.SHORT: -1, Direction.FLAT: 0}[self]

    @property
    def entry_side(self) -> Side:
        return Side.SELL if self is Direction.SHORT else Side.BUY


class MarginMode(StrEnum):
    """What stands behind a position: its own margin, or the whole account."""

    ISOLATED = "isolated"
    CROSS = "cross"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Net open quantity of an account in one instrument."""

    symbol: str
    quantity: Decimal
    """Signed base quantity; never zero in a list of open positions."""
    entry_price: Decimal
    """Quantity-weighted mean of the fills that increased it."""
    leverage: int
    isolated_margin: Decimal
    """Initial margin set aside (quote), in both modes; it limits the loss in isolated mode only."""
    opened_at: datetime
    margin_mode: MarginMode = MarginMode.ISOLATED

    @property
    def direction(self) -> Direction:
        if self.quantity == ZERO:
            return Direction.FLAT
        return Direction.LONG if self.quantity > ZERO else Direction.SHORT

    @property
    def exit_side(self) -> Side:
        return Side.SELL if self.quantity > ZERO else Side.BUY

    def unrealized_pnl(self, mark: Decimal) -> Decimal:
        """Quote, at the mark price."""
        return (mark - self.entry_price) * self.quantity

    def notional(self, mark: Decimal) -> Decimal:
        """Magnitude, quote."""
        return abs(self.quantity) * mark


@dataclass(frozen=True, slots=True)
class FillEffect:
    """What one fill did: the position after it (None when flat) and the PnL it realised (quote)."""

    position: Position | None
    realized_pnl: Decimal
    closed_quantity: Decimal


def apply_fill(
    position: Position | None,
    *,
    symbol: str,
    side: Side,
    quantity: Decimal,
    price: Decimal,
    leverage: int,
    at: datetime,
    margin_mode: MarginMode = MarginMode.ISOLATED,
) -> FillEffect:
    """The position after a fill. Reductions keep the entry price; a flip starts a new position.

    `leverage` and `margin_mode` are those of a new position; an open one keeps its own. Realised PnL = (fill - entry) x closed quantity x direction.
    """
    signed = quantity * side.sign
    if position is None or position.quantity == ZERO:
        opened = _opened(symbol, signed, price, leverage, at)
        return FillEffect(replace(opened, margin_mode=margin_mode), ZERO, ZERO)
    if (position.quantity > ZERO) == (signed > ZERO):
        return FillEffect(_increased(position, signed, price), ZERO, ZERO)
    closed = min(abs(position.quantity), quantity)
    realized = (price - position.entry_price) * closed * position.direction.sign
    left = position.quantity + signed
    if left == ZERO:
        return FillEffect(None, realized, closed)
    if (left > ZERO) == (position.quantity > ZERO):
        margin = position.isolated_margin * (abs(left) / abs(position.quantity))
        return FillEffect(
            replace(position, quantity=left, isolated_margin=margin), realized, closed
        )
    flipped = _opened(symbol, left, price, position.leverage, at)
    return FillEffect(replace(flipped, margin_mode=position.margin_mode), realized, closed)


def _opened(symbol: str, signed: Decimal, price: Decimal, leverage: int, at: datetime) -> Position:
    return Position(
        symbol=symbol,
        quantity=signed,
        entry_price=price,
        leverage=leverage,
        isolated_margin=abs(signed) * price / leverage,
        opened_at=at,
    )


def _increased(position: Position, signed: Decimal, price: Decimal) -> Position:
    total = position.quantity + signed
    entry = (position.entry_price * position.quantity + price * signed) / total
    added = abs(signed) * price / position.leverage
    return replace(
        position,
        quantity=total,
        entry_price=entry,
        isolated_margin=position.isolated_margin + added,
    )
