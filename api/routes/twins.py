"""A live account beside its paper twin: returns, fills against the paper model, and the venue."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.arena import load_arena
from adapters.store.instruments import Assets
from adapters.store.views.accounts import AccountView, load_accounts
from adapters.store.views.assets import load_assets
from adapters.store.views.equity_paths import PathEnds
from adapters.store.views.execution import load_executions
from adapters.store.views.twins import (
    PairIds,
    PositionSync,
    SentOrders,
    find_pair,
    load_answers,
    load_entry_pairs,
    load_position_sync,
)
from api.account_state import state_of
from api.answers import ACCOUNT_SECONDS, answer
from api.listing import require_account
from api.problem_details import PROBLEM_RESPONSES, Problem
from api.store_access import open_of, reading
from api.twin_figures import load_pair_returns, load_pair_views
from api.twin_shapes import TwinEntryShape, TwinShape, TwinSideShape
from trading.performance.execution import LegExecution, summarise_execution
from trading.performance.twins import (
    BPS,
    EntryPair,
    compute_divergence,
    error_rate,
    execution_success,
    summarise_tracking,
)

router = APIRouter(responses=PROBLEM_RESPONSES, tags=["accounts"])
_MOST_ENTRIES = 50


@router.get("/accounts/{account_id}/twin", response_model=TwinShape)
async def get_twin(request: Request, account_id: str) -> Response:
    """A pair, by the id of either of the two accounts."""

    async def compute() -> TwinShape:
        async with reading(request) as conn:
            await require_account(conn, account_id)
            pair = await find_pair(conn, account_id)
            if pair is None:
                raise Problem("twin_unknown", f"Account {account_id!r} has no twin and is none.")
            return await load_twin(conn, pair)

    body = await open_of(request).shared.get(f"twin {account_id}", compute)
    return answer(request, body, max_age=ACCOUNT_SECONDS)


async def load_twin(conn: AsyncConnection, pair: PairIds) -> TwinShape:
    """All figures of one pair."""
    real_now = datetime.now(UTC)
    arena = await conn.run_sync(load_arena)
    at = real_now if arena is None else arena.market_time(real_now)
    (live,) = await load_accounts(conn, only=pair.live)
    (paper,) = await load_accounts(conn, only=pair.paper)
    views = await load_pair_views(conn, live, paper)
    returns = await load_pair_returns(conn, views)
    assets = await load_assets(conn)
    entries = await load_entry_pairs(conn, pair)
    return TwinShape(
        live=_side(live, views.live_ends, returns.live),
        paper=_side(paper, views.paper_ends, returns.paper),
        since=returns.since,
        until=returns.until,
        divergence=compute_divergence(returns.live, returns.paper),
        slippage_bps=_slippage(await load_executions(conn, only=live.id), live.id),
        paper_slippage_bps=_slippage(await load_executions(conn, only=paper.id), paper.id),
        newest_entries=[_entry(each, assets) for each in entries[:_MOST_ENTRIES]],
        **_tracking(entries),
        **_answers(await load_answers(conn, live.id)),
        **_sync(await load_position_sync(conn, live.id, at=at, real_now=real_now), assets),
    )


def _side(account: AccountView, ends: PathEnds | None, total_return: float | None) -> TwinSideShape:
    return TwinSideShape(
        account_id=account.id,
        name=account.name,
        state=state_of(account).word,
        starting_equity=account.initial_equity,
        equity=ends.last.equity if ends else None,
        transfers=ends.last.transfers if ends else None,
        total_return=total_return,
    )


def _slippage(executions: dict[str, tuple[LegExecution, ...]], account_id: str) -> float | None:
    slippage = summarise_execution(executions.get(account_id, ())).slippage
    return None if slippage is None else slippage * BPS


def _tracking(entries: tuple[EntryPair, ...]) -> dict[str, Any]:
    tracking = summarise_tracking(entries)
    return {
        "tracking_bps": tracking.tracking_bps,
        "tracking_cost": tracking.tracking_cost,
        "both_filled": tracking.both_filled,
        "only_live": tracking.only_live,
        "only_paper": tracking.only_paper,
    }


def _answers(sent: SentOrders) -> dict[str, Any]:
    everything = sent.wanted + sent.protection
    return {
        "wanted_sent": sent.wanted.sent,
        "wanted_filled": sent.wanted.filled,
        "execution_success": execution_success(sent.wanted),
        "orders_sent": everything.sent,
        "orders_refused": everything.refused,
        "orders_unknown": everything.unknown,
        "orders_unreached": everything.unreached,
        "error_rate": error_rate(everything),
    }


def _sync(sync: PositionSync, assets: Assets) -> dict[str, Any]:
    frozen = None if sync.frozen is None else [assets.of(symbol) for symbol in sync.frozen]
    return {
        "differences_24h": sync.differences,
        "frozen": frozen,
        "real_reconciled_at": sync.real_reconciled_at,
    }


def _entry(pair: EntryPair, assets: Assets) -> TwinEntryShape:
    return TwinEntryShape(
        decision_id=pair.decision_id,
        twin_decision_id=pair.twin_decision_id,
        asset=assets.of(pair.symbol),
        symbol=pair.symbol,
        side=pair.side.value,
        decided_at=pair.decided_at,
        live_quantity=pair.live.quantity if pair.live else None,
        live_price=pair.live.price if pair.live else None,
        paper_quantity=pair.paper.quantity if pair.paper else None,
        paper_price=pair.paper.price if pair.paper else None,
        tracking_bps=pair.tracking_bps,
    )
