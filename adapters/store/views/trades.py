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
from trading.positions import Direction
from trading.trades import Trade, TradeHistory


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
    leverage: int | None
    """Of its position; None when the venue never reported one between opening and close."""


_RECORD = tuple(Trade.__dataclass_fields__)
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


async def load_trade_histories(
    conn: AsyncConnection, *, only: str | None = None
) -> dict[str, TradeHistory]:
    """All trades by account: closed ones in order of closing; without any there is no entry."""
    query = select(trades.c.account_id, *(trades.c[name] for name in _RECORD)).order_by(
        trades.c.account_id, trades.c.closed_at, trades.c.id
    )
    if only is not None:
        query = query.where(trades.c.account_id == only)
    closed: dict[str, list[Trade]] = defaultdict(list)
    still_open: dict[str, dict[str, Trade]] = defaultdict(dict)
    for row in await conn.execute(query):
        trade = _record(row)
        if trade.is_open:
            still_open[row[0]][trade.symbol] = trade
        else:
            closed[row[0]].append(trade)
    return {
        account_id: TradeHistory(tuple(closed[account_id]), still_open[account_id])
        for account_id in {*closed, *still_open}
    }


def _record(row: Row[Any]) -> Trade:
    columns = dict(zip(_RECORD, row[1:], strict=True))
    columns["direction"] = Direction(columns["direction"])
    return Trade(**columns)


def _trade(row: Row[Any], assets: Assets) -> TradeView:
    return TradeView(**row._mapping, asset=assets.of(row.symbol))
