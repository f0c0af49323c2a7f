"""Open positions with the exit plan of the trade they belong to and their resting protection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.instruments import Assets
from adapters.store.order_rows import OPEN_STATUSES
from adapters.store.tables import orders, positions, trades
from adapters.store.views.paging import Cursor, Keyset, Page, PageRequest
from trading.performance.return_on_margin import compute_return_on_margin
from trading.positions import Direction
from trading.units import to_float


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionView:
    """One open position as the venue last reported it. Quantity is signed, long positive."""

    account_id: str
    symbol: str
    asset: str
    direction: str
    quantity: Decimal
    entry_price: Decimal
    mark_price: Decimal
    notional: Decimal
    """Magnitude at the mark, quote."""
    unrealized_pnl: Decimal
    leverage: int
    margin: Decimal
    liquidation_price: Decimal | None
    stop_price: Decimal | None
    take_profit_price: Decimal | None
    exit_plan: str | None
    has_resting_stop: bool
    """A reduce-only stop order of this position is open at the venue."""
    opened_at: datetime
    seen_at: datetime

    @property
    def return_on_margin(self) -> float | None:
        """Leverage-adjusted PnL at the mark, a ratio."""
        ratio = compute_return_on_margin(
            Direction(self.direction),
            entry_price=self.entry_price,
            price=self.mark_price,
            leverage=self.leverage,
        )
        return None if ratio is None else to_float(ratio)


_RESTING_STOP = (
    exists()
    .where(
        orders.c.account_id == positions.c.account_id,
        orders.c.symbol == positions.c.symbol,
        orders.c.order_type == "stop_market",
        orders.c.reduce_only,
        orders.c.status.in_(OPEN_STATUSES),
    )
    .correlate(positions)
)
_KEY: ColumnElement[str] = positions.c.account_id + "/" + positions.c.symbol


def _cursor(row: Row[Any]) -> Cursor:
    return Cursor(at=row.opened_at, key=f"{row.account_id}/{row.symbol}")


_KEYSET = Keyset(
    account_id=positions.c.account_id,
    at=positions.c.opened_at,
    key=_KEY,
    parse_key=str,
    cursor_of=_cursor,
)


async def list_positions(
    conn: AsyncConnection, request: PageRequest, assets: Assets
) -> Page[PositionView]:
    """Open positions, newest first."""
    query = select(
        positions,
        trades.c.stop_price,
        trades.c.take_profit_price,
        trades.c.exit_plan,
        _RESTING_STOP.label("has_resting_stop"),
    ).outerjoin(
        trades,
        and_(
            trades.c.account_id == positions.c.account_id,
            trades.c.symbol == positions.c.symbol,
            trades.c.status == "open",
        ),
    )
    if request.filters.asset is not None:
        query = query.where(positions.c.symbol.in_(assets.symbols_of(request.filters.asset)))
    return await _KEYSET.load_page(conn, query, request, lambda row: _position(row, assets))


def _position(row: Row[Any], assets: Assets) -> PositionView:
    return PositionView(
        account_id=row.account_id,
        symbol=row.symbol,
        asset=assets.of(row.symbol),
        direction="long" if row.quantity > 0 else "short",
        quantity=row.quantity,
        entry_price=row.entry_price,
        mark_price=row.mark_price,
        notional=abs(row.quantity) * row.mark_price,
        unrealized_pnl=row.unrealized_pnl,
        leverage=row.leverage,
        margin=row.margin,
        liquidation_price=row.liquidation_price,
        stop_price=row.stop_price,
        take_profit_price=row.take_profit_price,
        exit_plan=row.exit_plan,
        has_resting_stop=row.has_resting_stop,
        opened_at=row.opened_at,
        seen_at=row.seen_at,
    )
