"""The market half's side of the store: which symbols matter, and what is written about them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, select

from adapters.store.accounts import list_accounts
from adapters.store.candles import CandleRun, save_candles
from adapters.store.events import emit_event, forget_channel, forget_events
from adapters.store.instruments import load_assets
from adapters.store.market_stats import save_quotes
from adapters.store.tables import positions
from deployments.streams.settings import ServiceSettings
from tasks.market_wants import BENCHMARK_ASSET
from trading.account import AccountStatus
from trading.market import Quote

CHANNEL = "market-data"
KIND = "market.quotes"


class MarketStore:
    """Called from one thread at a time."""

    def __init__(self, engine: Engine, market: str, settings: ServiceSettings) -> None:
        self._engine = engine
        self._market = market
        self._settings = settings
        self._told: deque[tuple[float, int]] = deque()
        """When an event was told (monotonic), and its id."""
        self._untold: dict[str, Quote] = {}
        self._next_event = 0.0
        self._is_swept = False

    def wanted_symbols(self) -> frozenset[str]:
        """Of the assets that active accounts name, of what anybody holds, and of the benchmark.

        A scan of the whole market is not followed whole: it is read by REST at each slot.
        """
        with self._engine.connect() as conn:
            assets = {BENCHMARK_ASSET}
            for stored in list_accounts(conn):
                if stored.status is AccountStatus.ACTIVE:
                    assets |= set(stored.account.assets)
            known = load_assets(conn, self._market).base_by_symbol
            held = set(conn.scalars(select(positions.c.symbol)))
        return frozenset(
            symbol for symbol, base in known.items() if base in assets or symbol in held
        )

    def write(self, quotes: Sequence[Quote], runs: Sequence[CandleRun]) -> None:
        """Quotes and candles in one transaction; a message about the quotes when one is due."""
        now = time.monotonic()
        self._untold |= {quote.symbol: quote for quote in quotes}
        old = [number for at, number in self._told if now - at > self._settings.event_life_seconds]
        with self._engine.begin() as conn:
            save_quotes(conn, self._market, quotes)
            save_candles(conn, self._market, runs)
            if self._is_swept:
                forget_events(conn, old)
            else:
                forget_channel(conn, CHANNEL)
            told = self._tell(conn) if self._untold and now >= self._next_event else None
        self._is_swept = True
        for _ in old:
            self._told.popleft()
        if told is not None:
            self._told.append((now, told))
            self._next_event = now + self._settings.event_seconds
            self._untold.clear()

    def _tell(self, conn: Connection) -> int:
        return emit_event(
            conn,
            at=max(quote.at for quote in self._untold.values()),
            account_id=None,
            channel=CHANNEL,
            kind=KIND,
            payload={
                "market": self._market,
                "quotes": {quote.symbol: _shown(quote) for quote in self._untold.values()},
            },
        )


def _shown(quote: Quote) -> dict[str, Any]:
    return {
        "at": quote.at,
        "last": quote.last,
        "mark": quote.mark,
        "bid": quote.bid,
        "ask": quote.ask,
        "funding_rate": quote.funding_rate,
        "next_funding_at": quote.next_funding_at,
    }
