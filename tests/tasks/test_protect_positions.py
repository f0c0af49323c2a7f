"""A position has its stop or it is closed: after an entry, after a crash, after a refusal."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.store.accounts import set_trading_state
from adapters.store.decisions import NewDecision, save_decisions
from adapters.store.trades import set_trade_levels
from adapters.venues.paper.venue import PaperVenue
from tasks import orders
from tasks.account_state import reconcile_account
from tasks.cycle import Cycle
from tasks.decide import Decided
from tasks.exits import manage_exits
from tasks.market import Markets, fetch_klines
from tasks.orders import submit
from tasks.placing import place_orders
from tasks.protection import Levels, protect
from tasks.resources import market_of, store_engine
from tasks.risk import Approval
from tasks.venues import venue_of
from tests.arena import START, TestArena, hours
from tests.tasks.wishes import ENTRY
from trading.account import TradingState
from trading.decisions import Action, TradeDecision
from trading.errors import OutcomeUnknown
from trading.instruments import Instrument
from trading.orders import IntentState, Leg, Order, OrderRequest, OrderType, Side
from trading.risk.verdict import Approved

pytestmark = pytest.mark.db


async def bitcoin(cycle: Cycle) -> Instrument:
    return next(i for i in await market_of(cycle.arena).instruments() if i.base == "BTC")


async def price(cycle: Cycle) -> Decimal:
    return (await market_of(cycle.arena).quote("BTCUSDT", cycle.as_of)).last


async def levels(cycle: Cycle, *, stop: str, target: str) -> Levels:
    """Levels as multiples of the price."""
    now = await price(cycle)
    return Levels(stop=round(now * Decimal(stop), 1), target=round(now * Decimal(target), 1))


async def test_an_entry_gets_its_stop_and_target_sized_to_the_position(
    arena: TestArena, cycle: Cycle
) -> None:
    await submit(cycle, ENTRY)
    wanted = await levels(cycle, stop="0.95", target="1.1")
    assert await protect(cycle, await bitcoin(cycle), wanted, decision_id=None)
    resting = {o.request.order_type: o.request for o in await venue_of(cycle).open_orders()}
    assert resting[OrderType.STOP_MARKET].stop_price == wanted.stop
    assert resting[OrderType.TAKE_PROFIT_MARKET].stop_price == wanted.target
    assert {r.quantity for r in resting.values()} == {Decimal("0.01")}
    assert all(r.reduce_only and r.side is Side.SELL for r in resting.values())


async def test_the_old_stop_stays_while_the_outcome_of_its_successor_is_unknown(
    arena: TestArena, cycle: Cycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    await submit(cycle, ENTRY)
    old = await levels(cycle, stop="0.9", target="1.2")
    await protect(cycle, await bitcoin(cycle), old, decision_id=None)

    class RequestLost(PaperVenue):
        async def submit(self, request: OrderRequest) -> Order:
            raise OutcomeUnknown("connection reset after the request was written")

    def lossy(cycle: Cycle) -> PaperVenue:
        whole = venue_of(cycle)
        assert isinstance(whole, PaperVenue)
        return RequestLost(
            book=whole.book, market=whole.market, as_of=whole.as_of, account_id=whole.account_id
        )

    monkeypatch.setattr(orders, "venue_of", lossy)
    new = await levels(cycle, stop="0.95", target="1.2")
    assert await protect(cycle, await bitcoin(cycle), new, decision_id=None)
    resting = [o.request.stop_price for o in await venue_of(cycle).open_orders()]
    assert old.stop in resting
    assert len(await venue_of(cycle).positions()) == 1


async def test_an_addition_that_was_refused_leaves_the_levels_of_the_position_as_they_are(
    arena: TestArena, cycle: Cycle
) -> None:
    await submit(cycle, ENTRY)
    held = await levels(cycle, stop="0.9", target="1.2")
    await protect(cycle, await bitcoin(cycle), held, decision_id=None)
    state = await reconcile_account.fn(cycle)
    with arena.engine.begin() as conn:
        set_trade_levels(conn, "momentum", "BTCUSDT", held.stop, held.target, "as it was")
        set_trading_state(conn, "momentum", TradingState.REDUCING)
    later = replace(cycle, slot=cycle.slot + hours(1), as_of=cycle.as_of + hours(1))
    markets = await fetch_klines.fn(later)
    await place_orders.fn(later, state, markets, (await addition(later, markets),))
    assert arena.one(
        "select state from app.intents where leg = 'entry' and slot > :s", s=START
    ) == ("refused",)
    assert arena.one("select stop_price, take_profit_price, exit_plan from app.trades") == (
        held.stop,
        held.target,
        "as it was",
    )
    resting = {o.request.stop_price for o in await venue_of(cycle).open_orders()}
    assert resting == {held.stop, held.target}


async def addition(cycle: Cycle, markets: Markets) -> Approval:
    """An approved decision to buy more, with a nearer stop and target."""
    nearer = await levels(cycle, stop="0.97", target="1.05")
    last = markets.views["BTCUSDT"].quote.last
    decision = TradeDecision(
        symbol="BTCUSDT",
        action=Action.BUY,
        allocation_usd=Decimal(500),
        take_profit_price=nearer.target,
        stop_price=nearer.stop,
        exit_plan="nearer",
        rationale="more",
        confidence=1.0,
        decided_by="test",
    )
    with store_engine().begin() as conn:
        (decision_id,) = save_decisions(
            conn,
            [NewDecision(decision=decision, asset="BTC", reference_price=last)],
            cycle_id=cycle.id,
            account_id=cycle.account.id,
            decided_at=cycle.as_of,
        )
    return Approval(
        decided=Decided(id=decision_id, decision=decision),
        verdict=Approved(
            symbol="BTCUSDT",
            side=Side.BUY,
            asked=Decimal(500),
            notional=last * Decimal("0.01"),
            quantity=Decimal("0.01"),
            price=last,
            leverage=3,
            stop_price=nearer.stop,
            take_profit_price=nearer.target,
        ),
    )


async def test_a_stop_that_would_trigger_at_once_closes_the_position_in_the_same_cycle(
    arena: TestArena, cycle: Cycle
) -> None:
    await submit(cycle, ENTRY)
    wanted = await levels(cycle, stop="1.05", target="1.1")
    assert not await protect(cycle, await bitcoin(cycle), wanted, decision_id=None)
    assert await venue_of(cycle).positions() == ()
    assert await venue_of(cycle).open_orders() == ()
    (sentence,) = arena.one("select entry->>'sentence' from app.diary where kind = 'alarm'")
    assert "-2021" in str(sentence)


async def test_a_position_that_a_crash_left_without_its_stop_is_protected_first_of_all(
    arena: TestArena, cycle: Cycle
) -> None:
    assert (await submit(cycle, ENTRY)).state is IntentState.FILLED
    state = await reconcile_account.fn(cycle)
    now = await price(cycle)
    with arena.engine.begin() as conn:
        set_trade_levels(conn, "momentum", "BTCUSDT", round(now * Decimal("0.9"), 1), None, "")
    markets = await fetch_klines.fn(cycle)
    await manage_exits.fn(cycle, state, markets)
    (stop,) = await venue_of(cycle).open_orders()
    assert stop.request.stop_price == round(now * Decimal("0.9"), 1)


async def test_a_position_whose_stop_nobody_knows_gets_the_accounts_default_stop(
    arena: TestArena, cycle: Cycle
) -> None:
    await submit(cycle, ENTRY)
    state = await reconcile_account.fn(cycle)
    await manage_exits.fn(cycle, state, await fetch_klines.fn(cycle))
    (stop,) = await venue_of(cycle).open_orders()
    assert stop.request.order_type is OrderType.STOP_MARKET
    assert stop.request.stop_price is not None
    assert stop.request.stop_price < await price(cycle)


async def test_a_position_held_longer_than_allowed_is_closed_with_its_reason(
    arena: TestArena, cycle: Cycle
) -> None:
    await submit(cycle, ENTRY)
    await protect(
        cycle, await bitcoin(cycle), await levels(cycle, stop="0.6", target="1.4"), decision_id=None
    )
    await reconcile_account.fn(cycle)
    later = replace(cycle, slot=cycle.slot + hours(36), as_of=cycle.as_of + hours(36))
    state = await reconcile_account.fn(later)
    after = await manage_exits.fn(later, state, await fetch_klines.fn(later))
    assert after.positions == ()
    assert after.open_orders == ()
    assert arena.one("select status, close_reason from app.trades") == ("closed", "time_to_live")


async def test_an_orphan_stop_is_swept_before_anything_else(arena: TestArena, cycle: Cycle) -> None:
    await submit(cycle, ENTRY)
    wanted = await levels(cycle, stop="0.9", target="1.2")
    await protect(cycle, await bitcoin(cycle), wanted, decision_id=None)
    await submit(cycle, replace(ENTRY, leg=Leg.EXIT, side=Side.SELL))
    state = await reconcile_account.fn(cycle)
    await manage_exits.fn(cycle, state, await fetch_klines.fn(cycle))
    assert await venue_of(cycle).open_orders() == ()
