"""The state of the arena: market, clock, accounts, and what is wrong, worst first. Never cached."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.arena import Arena, load_arena
from adapters.store.views.accounts import AccountView, load_accounts
from adapters.store.views.alerts import list_alerts
from adapters.store.views.assets import load_assets
from adapters.store.views.orders import count_unknown_intents
from adapters.store.views.paging import Filters, PageRequest
from adapters.store.views.positions import list_positions
from api.answers import answer
from api.arena_problems import ArenaFacts, find_problems, has_market_ended, is_starting
from api.problem_details import PROBLEM_RESPONSES
from api.routes.accounts import AccountShape, account_shape
from api.routes.alerts import AlertShape
from api.shapes import Shape
from api.store_access import open_of, reading
from trading.account import Network

router = APIRouter(responses=PROBLEM_RESPONSES, tags=["status"])
_MOST_POSITIONS = 10_000
_MOST_ALERTS = 1_000


class MarketShape(BaseModel):
    """The market that all accounts trade on, and its clock."""

    name: str
    source: str = Field(description="simulated, recorded or aster")
    label: str = Field(description="Shown wherever its prices are shown.")
    time: datetime = Field(description="Market time at `server_time`.")
    speed: float = Field(description="Market seconds per real second.")
    started_at: datetime
    ends_at: datetime | None
    is_running: bool = Field(description="False once recorded data has been played to its end.")


class ProblemShape(Shape):
    """One thing that a person should know."""

    severity: str = Field(description="critical, warning or info")
    code: str
    title: str
    detail: str
    remedy: str
    account_id: str | None


class LinksShape(BaseModel):
    """Places beside this API."""

    prefect_ui: str | None


class StatusShape(BaseModel):
    """The arena at `server_time`."""

    status: str = Field(description="ok, or degraded while an alert is open")
    state: str = Field(description="starting, running, attention or ended")
    server_time: datetime
    market: MarketShape | None
    modes: list[str] = Field(description="Modes of the accounts: paper, live.")
    data_age_s: float | None = Field(
        description="Real seconds since the newest snapshot of any account."
    )
    problems: list[ProblemShape]
    alerts: list[AlertShape] = Field(description="Open alerts, newest first.")
    accounts: list[AccountShape]
    is_feed_listening: bool
    links: LinksShape


@router.get("/status", response_model=StatusShape)
async def get_status(request: Request) -> Response:
    """Worst problem first, market and clock, each account with its last cycle."""

    async def compute() -> StatusShape:
        async with reading(request) as conn:
            return await _load(conn, request)

    body = await open_of(request).shared.get("status", compute)
    return answer(request, body, max_age=None)


async def _load(conn: AsyncConnection, request: Request) -> StatusShape:
    held = open_of(request)
    everything = PageRequest(filters=Filters(), limit=_MOST_POSITIONS)
    facts = ArenaFacts(
        real_now=datetime.now(UTC),
        arena=await conn.run_sync(load_arena),
        accounts=await load_accounts(conn),
        positions=(await list_positions(conn, everything, await load_assets(conn))).items,
        unknown_intents=await count_unknown_intents(conn),
        is_feed_listening=held.feed.is_listening,
        alerts=await list_alerts(conn, limit=_MOST_ALERTS),
    )
    problems = find_problems(facts)
    return StatusShape(
        status="degraded" if facts.alerts else "ok",
        state=_state(facts, {problem.severity for problem in problems}),
        server_time=facts.real_now,
        market=_market(facts.arena, facts.real_now, is_over=has_market_ended(facts)),
        modes=sorted({account.mode for account in facts.accounts}),
        data_age_s=_data_age(facts.accounts, facts.real_now),
        problems=[ProblemShape.model_validate(problem) for problem in problems],
        alerts=[AlertShape.model_validate(alert) for alert in facts.alerts],
        accounts=[account_shape(account) for account in facts.accounts],
        is_feed_listening=held.feed.is_listening,
        links=LinksShape(prefect_ui=held.settings.prefect_ui_url),
    )


def _state(facts: ArenaFacts, severities: set[str]) -> str:
    if severities & {"critical", "warning"}:
        return "attention"
    if is_starting(facts):
        return "starting"
    return "ended" if has_market_ended(facts) else "running"


def _market(arena: Arena | None, real_now: datetime, *, is_over: bool) -> MarketShape | None:
    if arena is None:
        return None
    return MarketShape(
        name=arena.market,
        source=arena.source,
        label=" ".join((arena.source, *_network(arena))).upper(),
        time=arena.clock.market_at(real_now),
        speed=arena.clock.speed,
        started_at=arena.started_at,
        ends_at=arena.clock.ends_at,
        is_running=not is_over,
    )


def _network(arena: Arena) -> tuple[str, ...]:
    """Prices of a test network are not the world's: said wherever the market is named."""
    return ("testnet",) if arena.settings.get("network") == Network.TESTNET else ()


def _data_age(accounts: tuple[AccountView, ...], real_now: datetime) -> float | None:
    seen = [account.money.real_at for account in accounts if account.money]
    return max(0.0, round((real_now - max(seen)).total_seconds(), 1)) if seen else None
