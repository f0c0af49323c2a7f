"""The base assets of every market, for readers that show several."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.instruments import Assets
from adapters.store.tables import instruments


async def load_assets(conn: AsyncConnection) -> Assets:
    """All symbols of all markets of the store."""
    rows = await conn.execute(select(instruments.c.symbol, instruments.c.base).distinct())
    return Assets({row.symbol: row.base for row in rows})
