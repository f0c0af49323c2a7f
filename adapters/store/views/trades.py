"""Trades: round trips, flat to flat. Net PnL = gross - fees + funding."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.instruments import Assets
from adapters.store.tables import trades
from adapters.store.views.paging import Cursor, Keyset, Page, PageRequest
from trading.performance.records import ClosedTrade


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeView:
    """One round trip; exit fields are None while it is open."""

    id: UUID
    account_id: str
    symbol: str
    asset: str
    direction: str
    status: str
    decision_id: UUID | None
    opened_at: datetime
    closed_at: datetime | None
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal | None
    gross_pnl: Decimal
    fees: Decimal
    funding: Decimal
    net_pnl: Decimal
    stop_price: Decimal | None
    take_profit_price: Decimal | None
    exit_plan: str
    close_reason: str | None


_NET = trades.c.gross_pnl - trades.c.fees + trades.c.funding
_COLUMNS = [
    trades.c[name] for name in TradeView.__dataclass_fields__ if name not in ("asset", "net_pnl")
]


def _cursor(row: Row[Any]) -> Cursor:
    return Cursor(at=row.opened_at, key=str(row.id))


_KEYSET = Keyset(
    account_id=trades.c.account_id,
    at=trades.c.opened_at,
    key=trades.c.id,
    parse_key=UUID,
    cursor_of=_cursor,
)


async def list_trades(
    conn: AsyncConnection, request: PageRequest, assets: Assets, *, status: str | None = None
) -> Page[TradeView]:
    """Trades, newest opening first; `status` is open or closed."""
    query = select(*_COLUMNS, _NET.label("net_pnl"))
    if request.filters.asset is not None:
        query = query.where(trades.c.symbol.in_(assets.symbols_of(request.filters.asset)))
    if status is not None:
        query = query.where(trades.c.status == status)
    return await _KEYSET.load_page(conn, query, request, lambda row: _trade(row, assets))


async def load_closed_trades(
    conn: AsyncConnection, *, only: str | None = None
) -> dict[str, tuple[ClosedTrade, ...]]:
    """Closed trades by account, oldest close first; without any there is no entry."""
    columns = trades.c
    query = (
        select(
            columns.account_id, columns.closed_at, columns.gross_pnl, columns.fees, columns.funding
        )
        .where(columns.status == "closed")
        .order_by(columns.account_id, columns.closed_at, columns.id)
    )
    if only is not None:
        query = query.where(columns.account_id == only)
    found: dict[str, list[ClosedTrade]] = defaultdict(list)
    for account_id, closed_at, gross_pnl, fees, funding in await conn.execute(query):
        found[account_id].append(
            ClosedTrade(closed_at=closed_at, gross_pnl=gross_pnl, fees=fees, funding=funding)
        )
    return {account_id: tuple(closed) for account_id, closed in found.items()}


def _trade(row: Row[Any], assets: Assets) -> TradeView:
    return TradeView(**row._mapping, asset=assets.of(row.symbol))
