"""Costly bugs, row 13: what is approved passes the venue's filters with all of its orders.

The venue judges by `order/test` over real HTTP; nothing is placed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from adapters.venues.aster import limits
from tasks.account_state import reconcile_account
from tasks.cycle import holding_lease
from tasks.market import fetch_klines
from tasks.risk_context import build_context, first_room, read_memory
from tasks.venues import venue_of
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.users import User
from tests.live.conftest import on_database
from tests.live.live_arena import LiveArena, start_live_arena
from trading.decisions import Action, TradeDecision
from trading.exits.protection import wanted_protection
from trading.instruments import Instrument
from trading.orders import OrderRequest, OrderType
from trading.risk.checks import check_entry
from trading.risk.verdict import Approved, Verdict
from trading.units import ZERO

pytestmark = pytest.mark.db
ASSETS = ("BTC", "ETH", "ASTER")
PLENTY = 10**8


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One decision, its levels as ratios of the price."""

    asset: str
    action: Action
    allocation: Decimal
    stop_ratio: Decimal
    target_ratio: Decimal | None


def ratios() -> st.SearchStrategy[Decimal]:
    return st.decimals("0.0001", "0.4999", places=12)


def wishes() -> st.SearchStrategy[Wanted]:
    return st.builds(
        Wanted,
        asset=st.sampled_from(ASSETS),
        action=st.sampled_from((Action.BUY, Action.SELL)),
        allocation=st.decimals("0.01", "120", places=8) | st.decimals("120", "1900", places=8),
        stop_ratio=ratios(),
        target_ratio=st.none() | ratios(),
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=st.lists(wishes(), min_size=1, max_size=8))
def test_row_13_entry_stop_and_target_pass_the_filters_or_the_trade_is_refused_with_a_reason(
    filtered: LiveArena, wanted: list[Wanted]
) -> None:
    for wish, verdict in asyncio.run(judged_and_tried(filtered, wanted)):
        if isinstance(verdict, Approved):
            assert ZERO < verdict.quantity * verdict.price <= wish.allocation
            continue
        assert verdict.code
        assert verdict.sentence


@pytest.fixture
def filtered(
    engine: Engine,
    sandbox: Sandbox,
    user: User,
    quick: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[LiveArena]:
    """The account trades all contracts of the sandbox, and no limit of requests is in the way."""
    monkeypatch.setattr(limits, "HOST_WEIGHT", PLENTY)
    sandbox.venue.settings.weight_limit = PLENTY
    with on_database(engine, monkeypatch):
        yield start_live_arena(engine, sandbox, user, monkeypatch, assets=ASSETS)


async def judged_and_tried(live: LiveArena, wanted: list[Wanted]) -> list[tuple[Wanted, Verdict]]:
    """The verdict of each; what was approved has been tried at the venue, which raises for a no."""
    cycle = await live.begin()
    found: list[tuple[Wanted, Verdict]] = []
    async with holding_lease(cycle):
        state = await reconcile_account.fn(cycle)
        markets = await fetch_klines.fn(cycle)
        assert not markets.problems, markets.problems
        memory = read_memory(cycle, state, markets)
        for wish in wanted:
            view = next(v for v in markets if v.instrument.base == wish.asset)
            decision = decided(wish, view.symbol, view.quote.last)
            room = first_room(state, memory)
            context = build_context(cycle, state, view, decision, memory, room)
            verdict = check_entry(context)
            found.append((wish, verdict))
            if isinstance(verdict, Approved):
                for request in orders_of(verdict, context.instrument):
                    await venue_of(cycle).check(request)
    return found


def decided(wish: Wanted, symbol: str, price: Decimal) -> TradeDecision:
    sign = 1 if wish.action is Action.BUY else -1
    target = wish.target_ratio
    return TradeDecision(
        symbol=symbol,
        action=wish.action,
        allocation_usd=wish.allocation,
        stop_price=price * (1 - sign * wish.stop_ratio),
        take_profit_price=None if target is None else price * (1 + sign * target),
        exit_plan="",
        rationale="test",
        confidence=1.0,
        decided_by="test",
    )


def orders_of(verdict: Approved, instrument: Instrument) -> list[OrderRequest]:
    """Everything that the approval would send, of an account that holds nothing yet.

    So the exits are tried without reduce-only, which a flat account may not send: the filters of price,
    quantity and notional are the same, and that of notional then spares no order.
    """
    exits = wanted_protection(
        verdict.quantity * verdict.side.sign,
        stop_price=verdict.stop_price,
        take_profit_price=verdict.take_profit_price,
        instrument=instrument,
    )
    assert len(exits) == (verdict.stop_price is not None) + (verdict.take_profit_price is not None)
    return [
        OrderRequest(
            symbol=verdict.symbol,
            side=verdict.side,
            order_type=OrderType.MARKET,
            client_order_id=f"t-{uuid4().hex[:20]}",
            quantity=verdict.quantity,
        ),
        *(
            OrderRequest(
                symbol=verdict.symbol,
                side=each.side,
                order_type=each.order_type,
                client_order_id=f"t-{uuid4().hex[:20]}",
                quantity=each.quantity,
                stop_price=each.stop_price,
            )
            for each in exits
        ),
    ]
