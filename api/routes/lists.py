"""Lists: decisions, orders, positions, trades. Newest first, by cursor, as JSON, CSV or JSON lines.

Money and prices are exact numbers in quote currency, quantities in base asset, times are market
times in UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.views.assets import load_assets
from adapters.store.views.decisions import DecisionView, list_decisions
from adapters.store.views.orders import OrderView, list_orders
from adapters.store.views.paging import Page, PageRequest
from adapters.store.views.positions import PositionView, list_positions
from adapters.store.views.trades import list_trades
from api.answers import ACCOUNT_SECONDS, TRADES_SECONDS
from api.listing import Listing, ListQuery
from api.problem_details import PROBLEM_RESPONSES
from api.shapes import Exact, PageShape, Shape
from api.trade_shapes import TradeShape, trade_shapes

router = APIRouter(responses=PROBLEM_RESPONSES)


class DecisionShape(Shape):
    """A decision for one asset, with the verdict of risk."""

    id: UUID
    cycle_id: UUID
    account_id: str
    asset: str
    symbol: str
    decided_at: datetime
    action: str = Field(description="buy, sell, hold or close")
    allocation_usd: Exact = Field(description="Notional that was asked for, quote.")
    take_profit_price: Exact | None
    stop_price: Exact | None
    exit_plan: str
    rationale: str = Field(description="The decider's own words. Show it as text only.")
    confidence: float = Field(description="0 to 1")
    decided_by: str = Field(description="Strategy or model.")
    verdict: str | None = Field(description="approved, shrunk, denied or held")
    verdict_code: str | None
    verdict_text: str | None
    verdict_limit: str | None
    verdict_actual: str | None
    approved_notional: Exact | None
    reference_price: Exact
    model_call_id: UUID | None = Field(
        description="Of a language model: the call whose answer it is. Null: a rule decided."
    )


class OrderShape(Shape):
    """An order as the venue reported it."""

    account_id: str
    asset: str
    symbol: str
    venue_order_id: str
    client_order_id: str
    side: str
    order_type: str
    status: str
    quantity: Exact
    filled_quantity: Exact
    average_price: Exact | None
    price: Exact | None
    stop_price: Exact | None
    reduce_only: bool
    created_at: datetime
    updated_at: datetime


class PositionShape(Shape):
    """An open position. Quantity is signed, long positive."""

    account_id: str
    asset: str = Field(description="Base asset.")
    symbol: str = Field(description="The venue's text for the instrument.")
    direction: str = Field(description="long or short")
    quantity: Exact = Field(description="base: signed, long positive.")
    entry_price: Exact = Field(description="quote per base.")
    mark_price: Exact = Field(description="quote per base.")
    notional: Exact = Field(description="Magnitude at the mark, quote.")
    unrealized_pnl: Exact = Field(description="quote: at the mark.")
    return_on_margin: float | None = Field(
        description="ratio: (mark - entry) / entry x leverage, sign turned for shorts: the"
        " leverage-adjusted PnL."
    )
    leverage: int = Field(description="Whole number, as set at the venue.")
    margin: Exact = Field(description="quote: set aside for it.")
    liquidation_price: Exact | None = Field(description="quote per base. Null: none was reported.")
    stop_price: Exact | None = Field(description="quote per base. Null: no stop is known.")
    take_profit_price: Exact | None = Field(description="quote per base. Null: no target is known.")
    exit_plan: str | None = Field(description="The decider's own words. Null: not our entry.")
    has_resting_stop: bool = Field(description="A stop order of it is open at the venue.")
    opened_at: datetime = Field(description="Market time.")
    seen_at: datetime = Field(description="Market time at which the venue reported it.")


class DecisionQuery(ListQuery):
    """Filters of the decision list."""

    action: list[Literal["buy", "sell", "hold", "close"]] = Field(
        default=[], description="Only these actions."
    )


class OrderQuery(ListQuery):
    """Filters of the order list."""

    open: bool = Field(default=False, description="Only orders that may still fill.")


class TradeQuery(ListQuery):
    """Filters of the trade list."""

    status: Literal["open", "closed"] | None = None


DECISIONS = Listing(
    name="decisions", shape=DecisionShape, page=PageShape[DecisionShape], max_age=ACCOUNT_SECONDS
)
ORDERS = Listing(
    name="orders", shape=OrderShape, page=PageShape[OrderShape], max_age=TRADES_SECONDS
)
POSITIONS = Listing(
    name="positions", shape=PositionShape, page=PageShape[PositionShape], max_age=ACCOUNT_SECONDS
)
TRADES = Listing(
    name="trades", shape=TradeShape, page=PageShape[TradeShape], max_age=TRADES_SECONDS
)


@router.get("/decisions", tags=["decisions"], response_model=DECISIONS.page)
async def get_decisions(request: Request, query: Annotated[DecisionQuery, Query()]) -> Response:
    """What each agent decided, why, and what risk said."""

    async def load(conn: AsyncConnection, page: PageRequest) -> Page[DecisionView]:
        return await list_decisions(conn, page, actions=tuple(query.action))

    return await DECISIONS.answer(request, query, load)


@router.get("/positions", tags=["positions"], response_model=POSITIONS.page)
async def get_positions(request: Request, query: Annotated[ListQuery, Query()]) -> Response:
    """Open positions with their exit plan and protection."""

    async def load(conn: AsyncConnection, page: PageRequest) -> Page[PositionView]:
        return await list_positions(conn, page, await load_assets(conn))

    return await POSITIONS.answer(request, query, load)


@router.get("/orders", tags=["orders"], response_model=ORDERS.page)
async def get_orders(request: Request, query: Annotated[OrderQuery, Query()]) -> Response:
    """Orders, newest creation first."""

    async def load(conn: AsyncConnection, page: PageRequest) -> Page[OrderView]:
        return await list_orders(conn, page, await load_assets(conn), open_only=query.open)

    return await ORDERS.answer(request, query, load)


@router.get("/trades", tags=["trades"], response_model=TRADES.page)
async def get_trades(request: Request, query: Annotated[TradeQuery, Query()]) -> Response:
    """Round trips with fees and funding, newest opening first."""

    async def load(conn: AsyncConnection, page: PageRequest) -> Page[TradeShape]:
        found = await list_trades(conn, page, await load_assets(conn), status=query.status)
        return Page(items=await trade_shapes(conn, found.items), next=found.next)

    return await TRADES.answer(request, query, load)
