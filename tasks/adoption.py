"""A position that our fills do not explain, brought into our trades: the venue wins.

What is adopted is a trade at the venue's average price; what the venue no longer holds closes at
the mark. Neither is a fill: the ledger of money stays the venue's, line by line.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from adapters.store.trades import apply_fills_to_trades, load_open_trades, set_close_reason
from tasks.run_log import run_log
from trading.orders import Fill, Side
from trading.ports import VenuePosition
from trading.units import ZERO, plain

if TYPE_CHECKING:
    from tasks.cycle import Cycle

ADOPTED = "adopted"
OUTSIDE = "outside"
"""Close reason of what ended without an order or fill that we know of."""


def adopt(conn: Connection, cycle: Cycle, reported: VenuePosition, *, own: Decimal) -> None:
    """Make the account's trade of the symbol what the venue holds."""
    position = reported.position
    change = position.quantity - own
    is_growing = own == ZERO or (own > ZERO) == (change > ZERO)
    price = position.entry_price if is_growing else reported.mark
    _book(conn, cycle, position.symbol, change, price)
    run_log().warning(
        "%s adopts %s %s at %s.",
        cycle.account.id, plain(change), position.symbol, plain(price),
    )  # fmt: skip


def shrink(
    conn: Connection, cycle: Cycle, symbol: str, *, to: Decimal, at_price: Decimal | None
) -> None:
    """Cut the account's trade of the symbol to what the venue still holds."""
    trade = next(t for t in load_open_trades(conn, cycle.account.id) if t.trade.symbol == symbol)
    price = trade.trade.entry_price if at_price is None else at_price
    set_close_reason(conn, cycle.account.id, symbol, OUTSIDE)
    _book(conn, cycle, symbol, to - trade.trade.open_quantity, price)


def _book(conn: Connection, cycle: Cycle, symbol: str, change: Decimal, price: Decimal) -> None:
    trade = next(
        (t.trade for t in load_open_trades(conn, cycle.account.id) if t.trade.symbol == symbol),
        None,
    )
    realized = ZERO
    if trade is not None and (trade.open_quantity > ZERO) != (change > ZERO):
        closed = min(abs(change), abs(trade.open_quantity))
        realized = (price - trade.entry_price) * closed * (1 if trade.open_quantity > ZERO else -1)
    apply_fills_to_trades(
        conn,
        cycle.account.id,
        [
            Fill(
                # Deterministic: the same cycle adopts once.
                trade_id=f"{ADOPTED}-{cycle.id}",
                venue_order_id=ADOPTED,
                client_order_id=ADOPTED,
                symbol=symbol,
                side=Side.BUY if change > ZERO else Side.SELL,
                quantity=abs(change),
                price=price,
                fee=ZERO,
                realized_pnl=realized,
                is_maker=False,
                filled_at=cycle.as_of,
            )
        ],
    )
