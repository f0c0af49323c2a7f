"""`python -m deployments.control`: the control loop as a process of its own.

Started by `perpflow up` with the worker's environment: `DATABASE_URL`, `PREFECT_API_URL`,
`PERPFLOW_WORKER`. SIGTERM or Ctrl-C stops it; what it leaves pending the next one carries out.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from pathlib import Path

from adapters.config.settings import load_settings
from adapters.store.engine import open_engine
from deployments.control.loop import ControlLoop
from deployments.control.mirror import Mirror
from deployments.control.prefect_rest import PrefectRest
from deployments.control.registrar import Registrar
from deployments.pools import POOLS

_NEEDED = ("DATABASE_URL", "PREFECT_API_URL")
_CONNECTIONS = 3


def main() -> int:
    """Run until stopped; 3 when the environment is incomplete."""
    _log_to_stderr()
    missing = [name for name in _NEEDED if not os.environ.get(name)]
    if missing:
        logging.getLogger("perpflow.control").error(
            "missing in the environment: %s; the control loop is started by perpflow up",
            ", ".join(missing),
        )
        return 3
    asyncio.run(_run(os.environ["DATABASE_URL"], os.environ["PREFECT_API_URL"]))
    return 0


async def _run(database_url: str, api_url: str) -> None:
    engine = open_engine(database_url, application="perpflow-control", pool_size=_CONNECTIONS)
    prefect = PrefectRest(api_url)
    pool = POOLS[load_settings(os.environ, {}).worker]
    registrar = Registrar(api_url=api_url, pool=pool, work_folder=Path.cwd())
    loop = ControlLoop(engine, Mirror(engine, prefect, registrar))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, loop.stop)
    try:
        await loop.run()
    finally:
        await prefect.close()
        engine.dispose()


def _log_to_stderr() -> None:
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s UTC %(levelname)s %(message)s", stream=sys.stderr
    )
    logging.getLogger("perpflow").setLevel(logging.INFO)


if __name__ == "__main__":
    sys.exit(main())
