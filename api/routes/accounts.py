"""Accounts: configuration without references, status and figures of one.

Credentials are not in the store and so cannot be shown.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.views.accounts import AccountView, load_accounts
from adapters.store.views.assets import load_assets
from adapters.store.views.paging import Filters, PageRequest
from adapters.store.views.positions import list_positions
from api.account_state import state_of
from api.answers import ACCOUNT_SECONDS, answer
from api.performance_shapes import PerformanceShape
from api.problem_details import PROBLEM_RESPONSES, unknown_account
from api.routes.lists import PositionShape
from api.routes.performance import load_performance
from api.shapes import Exact, Shape
from api.store_access import open_of, reading
from trading.account import ACCOUNT_ID

router = APIRouter(responses=PROBLEM_RESPONSES, tags=["accounts"])
_MOST_POSITIONS = 1_000


class CycleShape(Shape):
    """One cycle: an account's turn at a market time."""

    slot: datetime = Field(description="Market time that the cycle stands for.")
    status: str = Field(description="running, done, skipped, failed or missed")
    reason: str | None = Field(description="Why skipped, held or failed.")
    real_started_at: datetime
    real_finished_at: datetime | None


class MoneyShape(Shape):
    """Money at the newest snapshot, quote."""

    at: datetime
    real_at: datetime
    wallet: Exact
    unrealized: Exact
    equity: Exact
    margin_used: Exact
    available: Exact
    gross_exposure: Exact


class AccountShape(BaseModel):
    """An account and its newest cycle."""

    account_id: str
    name: str
    kind: str
    mode: str
    venue: str
    network: str | None = Field(description="mainnet: real money; testnet: none. Null on paper.")
    is_permitted: bool | None = Field(
        description="Whether perpflow accounts go-live has let it trade. Null on paper."
    )
    strategy: str | None
    assets: list[str]
    interval: str | None
    status: str = Field(description="What the operator set: active, paused or stopped.")
    trading_state: str = Field(description="What risk set: active, reducing or halted.")
    operator_state: str = Field(description="halted by a panic of the operator, else active.")
    state: str = Field(description="All three and the last cycle in one word.")
    state_reason: str
    initial_equity: Exact
    peak_equity: Exact | None
    config_version: int
    twin_of: str | None = Field(
        description="Of a paper twin: the live account whose decisions it repeats."
    )
    real_created_at: datetime
    last_cycle: CycleShape | None
    last_done: CycleShape | None
    money: MoneyShape | None


class AccountDetail(AccountShape):
    """An account with its parameters, limits and exits."""

    parameters: dict[str, Any]
    limits: dict[str, Any]
    exits: dict[str, Any] = Field(
        description="Tiers and pullback, ratios of leverage-adjusted profit."
    )
    blend: dict[str, Any] | None = Field(
        description="Members, weights and regimes, when several strategies decide together."
    )
    scan: dict[str, Any] | None = Field(
        description="How many instruments are chosen at each cycle; null: all of `assets`."
    )


class AccountList(BaseModel):
    """All accounts by id."""

    items: list[AccountShape]


class AccountStatusShape(BaseModel):
    """An account with its open positions and its figures."""

    account: AccountShape
    positions: list[PositionShape]
    performance: PerformanceShape


def account_shape(account: AccountView) -> AccountShape:
    """The account as lists show it."""
    return AccountShape(**_fields(account))


def _fields(account: AccountView) -> dict[str, Any]:
    state = state_of(account)
    return {
        "account_id": account.id,
        "name": account.name,
        "kind": account.kind,
        "mode": account.mode,
        "venue": account.venue,
        "network": account.network,
        "is_permitted": account.is_permitted,
        "strategy": account.strategy,
        "assets": list(account.assets),
        "interval": account.interval,
        "status": account.status,
        "trading_state": account.trading_state,
        "operator_state": account.operator_state,
        "state": state.word,
        "state_reason": state.sentence,
        "initial_equity": account.initial_equity,
        "peak_equity": account.peak_equity,
        "config_version": account.config_version,
        "twin_of": account.twin_of,
        "real_created_at": account.real_created_at,
        "last_cycle": _cycle(account.last_cycle),
        "last_done": _cycle(account.last_done),
        "money": MoneyShape.model_validate(account.money) if account.money else None,
    }


def _cycle(mark: Any) -> CycleShape | None:
    return CycleShape.model_validate(mark) if mark else None


@router.get("/accounts", response_model=AccountList)
async def get_accounts(request: Request) -> Response:
    """All accounts with their newest cycle."""
    async with reading(request) as conn:
        accounts = await load_accounts(conn)
    document = AccountList(items=[account_shape(account) for account in accounts])
    return answer(request, document, max_age=ACCOUNT_SECONDS)


@router.get("/accounts/{account_id}", response_model=AccountDetail)
async def get_account(request: Request, account_id: str) -> Response:
    """One account with its parameters, limits and exits; never credentials."""
    async with reading(request) as conn:
        account = await _require(conn, account_id)
    document = AccountDetail(
        **_fields(account),
        parameters=account.parameters,
        limits=account.limits,
        exits=account.exits,
        blend=account.blend,
        scan=account.scan,
    )
    return answer(request, document, max_age=ACCOUNT_SECONDS)


@router.get("/accounts/{account_id}/status", response_model=AccountStatusShape)
async def get_account_status(request: Request, account_id: str) -> Response:
    """One account with its open positions and its figures."""

    async def compute() -> AccountStatusShape:
        async with reading(request) as conn:
            account = await _require(conn, account_id)
            tracks = open_of(request).tracks
            (performance,) = await load_performance(conn, tracks, only=account_id)
            own = PageRequest(filters=Filters(account_id=account_id), limit=_MOST_POSITIONS)
            positions = await list_positions(conn, own, await load_assets(conn))
        return AccountStatusShape(
            account=account_shape(account),
            positions=[PositionShape.model_validate(position) for position in positions.items],
            performance=performance,
        )

    body = await open_of(request).shared.get(f"account-status {account_id}", compute)
    return answer(request, body, max_age=ACCOUNT_SECONDS)


async def _require(conn: AsyncConnection, account_id: str) -> AccountView:
    if ACCOUNT_ID.fullmatch(account_id) is not None:
        found = await load_accounts(conn, only=account_id)
        if found:
            return found[0]
    raise unknown_account(account_id)
