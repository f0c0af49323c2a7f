"""The API in tests: the real application over a real database, by ASGI or on a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI
from sqlalchemy import Engine

from adapters.store.accounts import save_account
from adapters.store.embedded import EmbeddedServer
from adapters.store.engine import open_engine
from adapters.store.events import emit_event
from adapters.store.tokens import TokenScope, create_token
from api.app import create_app
from api.settings import ApiSettings
from tests.api.browsing import CHROMIUM
from tests.api.seeding import START, add_snapshots, bring_to_now, make_account, seed_arena
from tests.conftest import TEMPLATE, fresh_database, make_database

if TYPE_CHECKING:
    from playwright.async_api import Browser

LOCAL = "http://127.0.0.1:3000"

Client = Callable[..., httpx.AsyncClient]


def settings_for(database_url: str, **values: Any) -> ApiSettings:
    return ApiSettings(database_url=database_url, host=values.pop("host", "127.0.0.1"), **values)


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[FastAPI]:
    """The app between the start and the end of its lifespan."""
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def app(database_url: str) -> AsyncIterator[FastAPI]:
    async with running(create_app(settings_for(database_url))) as started:
        yield started


@pytest.fixture
def client_of() -> Client:
    """Builds a client that comes from `address` and asks for the host of `base`."""

    def build(app: FastAPI, *, address: str = "127.0.0.1", base: str = LOCAL, **more: Any):
        transport = httpx.ASGITransport(app, client=(address, 50_000), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=base, **more)

    return build


@pytest.fixture
async def client(app: FastAPI, client_of: Client) -> AsyncIterator[httpx.AsyncClient]:
    """This machine's own browser."""
    async with client_of(app) as opened:
        yield opened


@pytest.fixture(scope="session")
def seeded_template(database_server: EmbeddedServer) -> str:
    """Name of a template with the past of `seeded`, which half a second would go into each time."""
    name = f"{TEMPLATE}_seeded_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    url = make_database(database_server, template=TEMPLATE, name=name)
    engine = open_engine(url, application="perpflow-tests", pool_size=1)
    with engine.begin() as conn:
        seed_arena(conn)
    engine.dispose()
    return name


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_server: EmbeddedServer) -> Iterator[str]:
    """URL of a fresh database, with a past where the test asks for `seeded`."""
    has_past = "seeded" in request.fixturenames
    template = request.getfixturevalue("seeded_template") if has_past else TEMPLATE
    yield from fresh_database(database_server, template=template)


@pytest.fixture
def seeded(engine: Engine) -> datetime:
    """Two days of five agents; the market time of the newest snapshot, which is "now"."""
    with engine.begin() as conn:
        return bring_to_now(conn)


@pytest.fixture
def solo(engine: Engine) -> Callable[..., None]:
    """An account that decides every five minutes, with equity at each step."""

    def add(*equities: float, first: int = 0, step: timedelta = timedelta(minutes=5)) -> None:
        with engine.begin() as conn:
            save_account(conn, make_account("solo", "Solo"))
            add_snapshots(
                conn,
                "solo",
                [Decimal(str(e)) for e in equities],
                first=START + first * step,
                step=step,
            )

    return add


@pytest.fixture
def token(engine: Engine) -> str:
    with engine.begin() as conn:
        return create_token(conn, TokenScope.VIEW, "test")


@pytest.fixture
def emit(engine: Engine) -> Callable[..., int]:
    """Appends an event in a transaction of its own; returns its id."""

    def append(
        account_id: str | None,
        kind: str,
        channel: str = "trading-events",
        at: datetime = START,
        **payload: Any,
    ) -> int:
        with engine.begin() as conn:
            return emit_event(
                conn, at=at, account_id=account_id, channel=channel, kind=kind, payload=payload
            )

    return append


@asynccontextmanager
async def serving(app: FastAPI, *, port: int = 0) -> AsyncIterator[str]:
    """The app behind a real uvicorn on a free port of this machine; yields `127.0.0.1:port`."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        log_level="warning",
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    # Signals belong to pytest.
    server.capture_signals = contextlib.nullcontext
    task = asyncio.create_task(server.serve())
    while not server.started:
        assert not task.done(), "the server refused to start"
        await asyncio.sleep(0.02)
    bound = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"127.0.0.1:{bound}"
    finally:
        server.should_exit = True
        await task


@pytest.fixture
def server(database_url: str) -> Callable[..., Any]:
    """`async with server() as address`: the application as it runs in life."""

    def start(*, serve_port: int = 0) -> Any:
        return serving(create_app(settings_for(database_url)), port=serve_port)

    return start


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield opened
        await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """The session's browser; what the test opened is closed after it."""
    yield chromium
    for context in chromium.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def address(server: Callable[..., Any]) -> AsyncIterator[str]:
    async with server() as where:
        yield where


def utc_now() -> datetime:
    return datetime.now(UTC)
