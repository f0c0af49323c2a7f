"""The API process: routes, sockets and pages over the store. It holds no keys and trades nothing.

It knows neither Prefect nor any venue; what it shows is what the store holds. It starts before the
orchestrator does and says so until the first cycle has run.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.websockets import WebSocket

from adapters.store.engine import open_async_engine
from adapters.store.schema import check_revision
from api import assets
from api.access import Access, is_own_machine, token_of
from api.answers import SharedAnswers
from api.equity_tracks import EquityTracks
from api.problem_details import install_problem_handlers
from api.routes import (
    accounts,
    alerts,
    diary,
    equity,
    health,
    leaderboard,
    lists,
    model_calls,
    performance,
    session,
    status,
    twins,
)
from api.settings import ApiSettings
from api.shield import Shield
from api.sockets.endpoint import socket_routes
from api.sockets.feed import EventFeed
from api.sockets.hub import Hub
from api.store_access import Open, open_of
from api.token_check import has_any_token, is_valid_token

CANONICAL = "/api/v1"
DESCRIPTION = """\
Figures of the perpflow arena, read-only. Money is an exact JSON number in quote currency, ratios
are fractions of one, times are RFC 3339 in UTC: market times, or wall-clock where the name starts
with `real_`. Lists are newest first and paged by cursor. Errors are RFC 9457 problem details.
Every path also answers at the root (`/positions` for `/api/v1/positions`). Live events: WebSocket
`/ws?channels=trading-events,positions`, or one of `/ws/trading-events`, `/ws/positions`,
`/ws/market-data`; filter with `account_id`, resume with `stream` and `since`.
"""
TAGS = [
    {"name": "status", "description": "What is wrong, the market and its clock, every account."},
    {"name": "leaderboard", "description": "Accounts by total return, totals of the arena."},
    {"name": "equity", "description": "Equity lines and BTC buy & hold."},
    {"name": "performance", "description": "Sharpe, Sortino, drawdown, win rate, costs."},
    {"name": "accounts", "description": "Configuration and state of accounts."},
    {"name": "positions", "description": "What is open."},
    {"name": "decisions", "description": "What was decided, why, and what risk said."},
    {"name": "models", "description": "What models were asked, what they said and what it cost."},
    {"name": "trades", "description": "Round trips."},
    {"name": "orders", "description": "Orders as the venue reported them."},
    {"name": "diary", "description": "The append-only story."},
    {"name": "health", "description": "Liveness and readiness."},
    {"name": "session", "description": "Token against cookie."},
]


class NoToken(RuntimeError):
    """The API would be open to other machines and nobody could prove who they are."""


def create_app(settings: ApiSettings | None = None) -> FastAPI:
    """The application; opens nothing before its lifespan begins."""
    chosen = settings or ApiSettings()  # pyright: ignore[reportCallIssue] - from the environment
    engine = open_async_engine(chosen.database_url.get_secret_value(), application="perpflow-api")
    app = FastAPIOffline(
        title="perpflow",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        lifespan=_lifespan(chosen, engine),
        favicon_url=assets.FAVICON,
        redoc_url=None,  # served by `api.assets`: the bundled one loads its logo from elsewhere
        openapi_url="/openapi.json",
    )
    install_problem_handlers(app)
    _add_routes(app)
    _add_layers(app, chosen, engine)
    return app


def _lifespan(settings: ApiSettings, engine: AsyncEngine):
    @asynccontextmanager
    async def live(app: FastAPI) -> AsyncIterator[None]:
        try:
            await require_fit(settings, engine)
            hub = Hub()
            feed = EventFeed(engine, hub)
            app.state.open = Open(
                settings=settings,
                engine=engine,
                hub=hub,
                feed=feed,
                shared=SharedAnswers(),
                tracks=EquityTracks(),
                real_started_at=datetime.now(UTC),
            )
            await feed.start()
            try:
                yield
            finally:
                await feed.stop()
        finally:
            await engine.dispose()

    return live


async def require_fit(settings: ApiSettings, engine: AsyncEngine) -> None:
    """Raise `SchemaMismatch` or `NoToken`: better no API than a wrong or an open one."""
    async with engine.connect() as conn:
        await conn.run_sync(check_revision)
    if not settings.is_loopback and not await has_any_token(engine):
        raise NoToken(
            f"the API would listen on {settings.host}, where other machines can reach it, and there"
            " is no token yet: create one with `perpflow up`, or set API_HOST=127.0.0.1"
        )


def _add_routes(app: FastAPI) -> None:
    shared = APIRouter()
    for module in (
        status,
        alerts,
        leaderboard,
        equity,
        performance,
        accounts,
        twins,
        lists,
        model_calls,
        diary,
        health,
    ):
        shared.include_router(module.router)
    app.include_router(
        shared, prefix=CANONICAL, generate_unique_id_function=lambda route: route.name
    )
    app.include_router(session.router, prefix=CANONICAL, generate_unique_id_function=_name)
    # The paths of the seed documents: the same handlers, documented, with a link to the canonical.
    app.include_router(shared, generate_unique_id_function=lambda route: f"{route.name}_alias")
    app.include_router(assets.router)
    app.router.routes.extend(socket_routes(_is_still_allowed))
    app.mount(assets.static_path(), assets.HashedFiles(directory=assets.STATIC))
    app.mount("/static", assets.FreshFiles(directory=assets.STATIC))


def _name(route: APIRoute) -> str:
    return route.name


def _add_layers(app: FastAPI, settings: ApiSettings, engine: AsyncEngine) -> None:
    """The last one added is the outermost."""

    async def check(token: str) -> bool:
        return await is_valid_token(engine, token)

    app.add_middleware(Access, check=check, origins=settings.cors_origins)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_credentials=True,
            allow_methods=["GET", "POST", "PUT", "DELETE", "OPTIONS"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["ETag", "X-Request-Id"],
        )
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    app.add_middleware(Shield)


async def _is_still_allowed(socket: WebSocket) -> bool:
    """Asked at each heartbeat, so a revoked token ends its sockets within half a minute."""
    token = token_of(socket.scope)
    if token is not None and await is_valid_token(open_of(socket).engine, token):
        return True
    return is_own_machine(socket.scope)
