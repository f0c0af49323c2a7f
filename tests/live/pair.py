"""A live account and its paper twin on one sandbox: cycles of both in the same slot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.store.accounts import load_account
from adapters.store.decisions import NewDecision, save_decisions
from tasks import cycle as cycles
from tasks.account_state import reconcile_account
from tasks.cycle import Cycle, claim_slot, holding_lease
from tasks.decide import Decided
from tasks.exits import manage_exits
from tasks.market import fetch_klines
from tasks.metrics import snapshot_metrics
from tasks.placing import place_orders
from tasks.risk import check_risk
from tasks.settling import resolve_unknown_orders
from tests.live.live_arena import LiveArena
from trading.account import Account
from trading.decision.twin_account import TwinWish, build_twin
from trading.decisions import Action, TradeDecision
from trading.paper_terms import PaperTerms
from trading.timeframes import floor_instant

TWIN = "live-paper"
BUY = TradeDecision(
    symbol="BTCUSDT",
    action=Action.BUY,
    allocation_usd=Decimal(1_260),
    take_profit_price=Decimal(66_000),
    stop_price=Decimal(58_000),
    exit_plan="Stop at 58000, target at 66000.",
    rationale="A test enters.",
    confidence=0.95,
    decided_by="momentum",
)
"""0.02 BTC at 60,000, with room for what the fill costs."""
CLOSE = TradeDecision(
    symbol="BTCUSDT",
    action=Action.CLOSE,
    allocation_usd=Decimal(0),
    take_profit_price=None,
    stop_price=None,
    exit_plan="Close the whole position at market.",
    rationale="A test leaves.",
    confidence=0.95,
    decided_by="momentum",
)


def add_twin(live: LiveArena, equity: int = 5_000, paper: PaperTerms | None = None) -> Account:
    """The twin of the live account, in the same arena."""
    with live.engine.connect() as conn:
        original = load_account(conn, live.account_id).account
    wish = TwinWish(id=TWIN, name=None, initial_equity=Decimal(equity), paper=paper or PaperTerms())
    twin = build_twin(wish, original)
    live.add(twin)
    return twin


@dataclass
class Slots:
    """Which slot the next claims get; one second after the other, like runs by hand."""

    at: datetime

    def next(self) -> None:
        self.at += timedelta(seconds=1)


def one_slot_for_all(monkeypatch: pytest.MonkeyPatch) -> Slots:
    """Both accounts claim the same slot, as they do when Prefect starts them in the same second."""
    slots = Slots(floor_instant(datetime.now(UTC), timedelta(seconds=1)) - timedelta(seconds=5))
    monkeypatch.setattr(
        cycles,
        "_read_call",
        lambda _now: cycles._Call(trigger="manual", scheduled_at=slots.at, flow_run_id=None),
    )
    return slots


async def claim(account_id: str) -> Cycle:
    claimed = await claim_slot.fn(account_id)
    assert isinstance(claimed, Cycle), claimed
    return claimed


async def trade_live(
    *decisions: TradeDecision,
    account_id: str = "live",
    before_orders: Callable[[], None] = lambda: None,
) -> Cycle:
    """A whole cycle of the live account; the test decides instead of its strategy."""
    cycle = await claim(account_id)
    async with holding_lease(cycle):
        await resolve_unknown_orders.fn(cycle)
        state = await reconcile_account.fn(cycle)
        markets = await fetch_klines.fn(cycle)
        state = await manage_exits.fn(cycle, state, markets)
        decided = _store(cycle, state.balance.equity, decisions)
        approved = await check_risk.fn(cycle, state, markets, decided)
        before_orders()
        await place_orders.fn(cycle, state, markets, approved)
        await snapshot_metrics.fn(cycle, await reconcile_account.fn(cycle))
    return cycle


def _store(
    cycle: Cycle, equity: Decimal, decisions: tuple[TradeDecision, ...]
) -> tuple[Decided, ...]:
    made = [
        NewDecision(decision=d, asset="BTC", reference_price=Decimal(60_000)) for d in decisions
    ]
    with cycles.store_engine().begin() as conn:
        ids = save_decisions(
            conn,
            made,
            cycle_id=cycle.id,
            account_id=cycle.account.id,
            decided_at=cycle.as_of,
            equity=equity,
        )
    return tuple(Decided(id=i, decision=d) for i, d in zip(ids, decisions, strict=True))
