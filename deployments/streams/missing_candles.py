"""Minutes that were not heard: from the newest stored candle up to the present one, read by REST.

At most the last day and an hour (one request's worth); a symbol that the store does not know yet
gets its last hour. The candle that still runs is left to the stream.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine

from adapters.store.candles import newest_open_time
from adapters.store.in_thread import in_thread
from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.market_calls import MOST_KLINES
from adapters.venues.aster.streams.event_payload import instant_of
from trading.candles import Candle
from trading.timeframes import EPOCH, Timeframe

_MINUTE = timedelta(minutes=1)
_FIRST_MINUTES = 60


class MissingCandles:
    """Fills what a market's stream has missed."""

    def __init__(self, engine: Engine, market: str, client: AsterClient) -> None:
        self._engine = engine
        self._market = market
        self._client = client

    async def fetch(self, symbol: str) -> tuple[Candle, ...]:
        """Closed candles that the store does not have, oldest first. Raises `VenueError`."""
        now = instant_of(await self._client.market.time_ms())
        newest = await in_thread(self._newest, symbol)
        since = now - _FIRST_MINUTES * _MINUTE if newest is None else newest + _MINUTE
        since = max(Timeframe.M1.floor(since), now - MOST_KLINES * _MINUTE)
        missing = (Timeframe.M1.floor(now) - since) // _MINUTE
        if missing <= 0:
            return ()
        rows = await self._client.market.klines(
            symbol,
            Timeframe.M1.value,
            start_ms=(since - EPOCH) // timedelta(milliseconds=1),
            limit=min(missing + 1, MOST_KLINES),
        )
        candles = [
            Candle(instant_of(row.open_time), row.open, row.high, row.low, row.close, row.volume)
            for row in rows
        ]
        return tuple(each for each in candles if each.open_time + _MINUTE <= now)

    def _newest(self, symbol: str) -> datetime | None:
        with self._engine.connect() as conn:
            return newest_open_time(conn, self._market, symbol, Timeframe.M1)
