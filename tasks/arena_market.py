"""From the arena's row to its market: the one place of the tasks that knows every kind of source.

Markets of files and of the simulation are pure; AsterDEX spends request weight from the budget that
all processes share, and takes margin tables that the venue told to an account from the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from adapters.market.open_market import open_market
from adapters.market.remembered import RememberedMarket
from adapters.store.arena import ASTER
from adapters.store.budgets import PostgresWeightBudget
from adapters.store.in_thread import in_thread
from adapters.store.instruments import load_instruments
from trading.instruments import Instrument


def open_arena_market(source: str, settings: Mapping[str, Any], engine: Engine) -> RememberedMarket:
    """The market, remembered. Raises as `open_market`, and `InvalidRecord` for another network."""
    if source != ASTER:
        return RememberedMarket(open_market(source, settings))
    # Only an arena on AsterDEX pays for the client: half a second and some megabytes.
    from adapters.venues.aster.market_source import AsterMarket, MarketAddress

    address = MarketAddress.of_settings(settings)

    async def known() -> tuple[Instrument, ...]:
        return await in_thread(_load, engine, address.name)

    market = AsterMarket(
        address,
        budget=PostgresWeightBudget(engine, lambda: datetime.now(UTC)),
        known_instruments=known,
    )
    return RememberedMarket(market, instruments_change=True)


def _load(engine: Engine, market: str) -> tuple[Instrument, ...]:
    with engine.connect() as conn:
        return load_instruments(conn, market)
