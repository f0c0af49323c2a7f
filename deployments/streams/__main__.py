"""`python -m deployments.streams`: the stream service as a process of its own.

Started by `perpflow up` where the arena's market is AsterDEX, with the worker's environment: it
resolves the keys of live accounts, as the worker does. SIGTERM or Ctrl-C stops it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from datetime import UTC, datetime

from sqlalchemy import Engine

from adapters.store.arena import ASTER, Arena, load_arena
from adapters.store.budgets import PostgresWeightBudget
from adapters.store.engine import open_engine
from adapters.venues.aster.client import AsterClient, ClientParts
from adapters.venues.aster.market_source import MarketAddress
from adapters.venues.aster.networks import venue_address

_CONNECTIONS = 3
_WRONG_PLACE = 3
log = logging.getLogger("perpflow.streams")


def main() -> int:
    """Run until stopped; 3 when there is nothing here that could be followed."""
    _log_to_stderr()
    url = os.environ.get("DATABASE_URL")
    if not url:
        log.error("missing in the environment: DATABASE_URL; the service is started by perpflow up")
        return _WRONG_PLACE
    engine = open_engine(url, application="perpflow-streams", pool_size=_CONNECTIONS)
    try:
        with engine.connect() as conn:
            arena = load_arena(conn)
        if arena is None or arena.source != ASTER:
            market = "no market" if arena is None else f"the market {arena.market}"
            log.error("the arena is on %s; only AsterDEX has streams to follow", market)
            return _WRONG_PLACE
        asyncio.run(_run(engine, arena))
    finally:
        engine.dispose()
    return 0


async def _run(engine: Engine, arena: Arena) -> None:
    # Prefect's library comes with the steps: seconds that a refusal above need not wait for.
    from deployments.streams.market_follower import MarketFollower
    from deployments.streams.service import StreamService
    from deployments.streams.watch_thread import WatchThread
    from tasks.live_access import open_client
    from tasks.watching import watch_account

    place = MarketAddress.of_settings(arena.settings)
    parts = ClientParts(
        address=venue_address(place.network, place.base_url),
        budget=PostgresWeightBudget(engine, lambda: datetime.now(UTC)),
    )
    async with AsterClient(parts) as client, WatchThread(watch_account) as watch:
        service = StreamService(
            engine,
            open_client=open_client,
            watch=watch,
            market=MarketFollower(engine, arena.market, client),
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, service.stop)
        log.info("the stream service works on the market %s", arena.market)
        await service.run()


def _log_to_stderr() -> None:
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s UTC %(levelname)s %(message)s", stream=sys.stderr
    )
    logging.getLogger("perpflow").setLevel(logging.INFO)


if __name__ == "__main__":
    sys.exit(main())
