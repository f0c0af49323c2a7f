"""`python -m api`: serve until a signal comes. Settings come from the environment only."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import NoReturn

import uvicorn
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from adapters.store.engine import open_async_engine
from adapters.store.errors import StoreError
from api.app import NoToken, create_app, require_fit
from api.settings import ApiSettings

MAX_MESSAGE_BYTES = 4_096
REFUSED = 3


def serve() -> None:
    """Run one server process; the exit code is 3 when it refused to start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        settings = ApiSettings()  # pyright: ignore[reportCallIssue] - from the environment
        asyncio.run(_check(settings))
        app = create_app(settings)
    except (ValidationError, StoreError, NoToken) as error:
        _refuse(_without_values(error))
    except (DBAPIError, OSError) as error:
        _refuse(f"the database cannot be reached ({type(error).__name__}); is DATABASE_URL right?")
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,
        server_header=False,
        # Forwarded headers are never believed: behind a proxy a client needs a token anyway.
        proxy_headers=False,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_ping_interval=30,
        ws_ping_timeout=20,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=10,
        limit_concurrency=1_000,
        log_config=None,
    )
    server = uvicorn.Server(config)
    server.run()
    if not server.started:
        sys.exit(REFUSED)


async def _check(settings: ApiSettings) -> None:
    """Refuse in one sentence here, before the server would refuse with a stack trace."""
    engine = open_async_engine(
        settings.database_url.get_secret_value(), application="perpflow-api", pool_size=1
    )
    try:
        await require_fit(settings, engine)
    finally:
        await engine.dispose()


def _refuse(sentence: str) -> NoReturn:
    sys.stderr.write(f"the API does not start: {sentence}\n")
    sys.exit(REFUSED)


def _without_values(error: Exception) -> str:
    """What is wrong with the settings, never what they hold."""
    if not isinstance(error, ValidationError):
        return str(error)
    faults = error.errors(include_input=False, include_url=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)


if __name__ == "__main__":
    serve()
