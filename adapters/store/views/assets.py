"""Symbols and the base assets behind them, from the stored instruments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.tables import instruments


@dataclass(frozen=True, slots=True)
class Assets:
    """Base asset by symbol. A symbol without an instrument stands for itself."""

    base_by_symbol: Mapping[str, str] = field(default_factory=dict)

    def of(self, symbol: str) -> str:
        return self.base_by_symbol.get(symbol, symbol)

    def symbols_of(self, asset: str) -> tuple[str, ...]:
        """Every symbol with that base, and the name itself."""
        return (asset, *(s for s, base in self.base_by_symbol.items() if base == asset))


async def load_assets(conn: AsyncConnection) -> Assets:
    """All symbols of all markets of the store."""
    rows = await conn.execute(select(instruments.c.symbol, instruments.c.base).distinct())
    return Assets({row.symbol: row.base for row in rows})
