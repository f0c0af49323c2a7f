"""What must not keep a position from its stop or from being closed: a spent budget, silent rules.

A position has lost its stop; the next look gives it back, and the operator's flatten closes it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.store.accounts import load_account, save_account
from adapters.store.budgets import PostgresWeightBudget
from adapters.store.decisions import NewDecision, save_decisions
from tasks import own_record, resources
from tasks.account_state import reconcile_account
from tasks.closing import sweep_orphans
from tasks.cycle import Cycle, holding_lease
from tasks.decide import Decided
from tasks.flattening import flatten_account
from tasks.market import fetch_klines
from tasks.orders import submit
from tasks.placing import place_orders
from tasks.protection import Levels, protect
from tasks.resources import store_engine
from tasks.risk import Approval
from tasks.watching import watch_account
from tests.aster_sandbox.desk import cancel_order
from tests.live.live_arena import LONG, LiveArena
from tests.tasks.wishes import ENTRY
from trading.account import ForeignPolicy
from trading.decisions import Action, TradeDecision
from trading.errors import OutcomeUnknown, VenueUnavailable
from trading.weights import PERCENT_OF_LIMIT, Priority, WeightScope

pytestmark = pytest.mark.db
LIMIT = 2_400


async def unprotected(live: LiveArena) -> None:
    """A position whose stop and target somebody has taken away."""
    await live.cycle(LONG)
    cancel_all(live, "BTCUSDT")


def cancel_all(live: LiveArena, symbol: str) -> None:
    """Somebody takes away all that rests."""
    for record in live.user.open_records(symbol):
        parameters = {"symbol": symbol, "orderId": record.order.venue_order_id}
        cancel_order(live.sandbox.venue, live.user, parameters)
    assert not live.user.open_records(symbol)


async def spend_beyond(live: LiveArena, priority: Priority) -> None:
    """Others have spent what requests of that priority may spend."""
    budget = PostgresWeightBudget(live.engine, lambda: datetime.now(UTC))
    scope = WeightScope(name=f"aster {live.sandbox.url.removeprefix('http://')}", limit=LIMIT)
    await budget.spend(scope, LIMIT * PERCENT_OF_LIMIT[priority] // 100, Priority.EXIT)


@pytest.fixture
def nothing_just_traded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then a list that cannot be read is not replaced by what orders were answered."""
    monkeypatch.setattr(own_record, "LATE_FOR", timedelta(0))


def has_stop(live: LiveArena) -> bool:
    return "stop_market" in {kind for kind, *_ in live.resting}


async def test_an_entry_whose_answer_was_lost_is_found_by_its_fill_though_no_order_can_be_asked_for(
    live: LiveArena,
) -> None:
    live.sandbox.fail("order", method="POST", where={"type": "MARKET"}, execute=True, drop=True)
    live.sandbox.fail("order", method="GET", times=0, status=503)
    cycle = await live.begin()
    async with holding_lease(cycle):
        await submit(cycle, ENTRY)  # the process dies after it
    await watch_account("live", "poll")
    # No level of a stop is known of it: it is ours, so it is closed.
    assert live.held == 0
    assert live.rows("select close_reason from app.trades") == [("unprotected",)]


@pytest.mark.parametrize("spent", [Priority.MARKET, Priority.RECONCILE])
async def test_a_look_puts_a_stop_back_from_the_part_of_the_budget_that_is_kept_for_ways_out(
    live: LiveArena, spent: Priority
) -> None:
    await unprotected(live)
    await spend_beyond(live, spent)
    await watch_account("live", "poll")
    assert has_stop(live)


async def test_a_flatten_closes_from_the_part_of_the_budget_that_is_kept_for_ways_out(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    await spend_beyond(live, Priority.RECONCILE)
    await flatten_account("live", sentence="operator")
    assert (live.held, live.resting) == (0, [])


async def test_an_entry_is_protected_while_others_spend_what_readings_may_spend(
    live: LiveArena,
) -> None:
    cycle = await live.begin()
    async with holding_lease(cycle):
        await submit(cycle, ENTRY)
        await spend_beyond(live, Priority.RECONCILE)
        instrument = live.sandbox.venue.instruments["BTCUSDT"]
        levels = Levels(stop=LONG.stop, target=LONG.target)
        assert await protect(cycle, instrument, levels, decision_id=None)
    assert has_stop(live)


async def silent_rules(live: LiveArena) -> None:
    live.sandbox.fail("exchangeInfo", times=0, status=503)


async def no_room_for_rules(live: LiveArena) -> None:
    await spend_beyond(live, Priority.MARKET)


@pytest.mark.parametrize("without_rules", [silent_rules, no_room_for_rules])
async def test_a_new_process_that_is_told_no_rules_puts_a_stop_back_and_closes_by_the_stored_ones(
    live: LiveArena, without_rules: Callable[[LiveArena], Awaitable[None]]
) -> None:
    await unprotected(live)
    resources.forget()
    await without_rules(live)
    await live.cycle()
    assert has_stop(live)
    await flatten_account("live", sentence="operator")
    assert (live.held, live.resting) == (0, [])


async def test_a_new_process_that_is_told_no_rules_enters_nothing(live: LiveArena) -> None:
    await live.cycle()
    resources.forget()
    await silent_rules(live)
    await live.cycle(LONG)
    assert live.entries_at_venue() == 0
    assert any("has not told its rules" in words for words in live.alarms())


def trade_ether(live: LiveArena, **changes: object) -> None:
    """The account trades ETH as well."""
    with live.engine.begin() as conn:
        account = load_account(conn, "live").account
        save_account(conn, replace(account, assets=("BTC", "ETH"), **changes))
    live.sandbox.set_price("ETHUSDT", Decimal(3_000))


def ether(live: LiveArena, side: str, **parameters: str) -> None:
    """An order in ETH by hand: a tenth of one."""
    wanted = {"type": "MARKET", "quantity": "0.1"} | parameters
    live.sandbox.trade_by_hand(live.user, symbol="ETHUSDT", side=side, **wanted)


STOP_OF_OURS = {"type": "STOP_MARKET", "stopPrice": "2000", "reduceOnly": "true"}


async def test_orphans_that_cannot_be_taken_away_keep_no_position_from_its_stop(
    live: LiveArena,
) -> None:
    trade_ether(live)
    await unprotected(live)
    ether(live, "BUY")
    for number in (1, 2):
        ether(live, "SELL", newClientOrderId=f"pf-orphan-{number}", **STOP_OF_OURS)
    ether(live, "SELL")
    live.sandbox.fail(
        "order", method="DELETE", where={"origClientOrderId": "pf-orphan-1"}, status=503
    )
    with pytest.raises(OutcomeUnknown):
        await watch_account("live", "poll")
    assert has_stop(live)
    left = [r.order.request.client_order_id for r in live.user.open_records("ETHUSDT")]
    assert left == ["pf-orphan-1"]


async def test_a_position_that_cannot_be_read_keeps_no_other_from_its_stop(
    live: LiveArena, nothing_just_traded: None
) -> None:
    trade_ether(live, foreign=ForeignPolicy.ADOPT)
    ether(live, "BUY")
    await unprotected(live)
    cancel_all(live, "ETHUSDT")
    live.sandbox.fail("positionRisk", times=0, where={"symbol": "BTCUSDT"}, status=503)
    with pytest.raises(VenueUnavailable):
        await watch_account("live", "poll")
    assert live.user.open_records("ETHUSDT")


async def test_a_position_that_cannot_be_read_keeps_no_other_from_being_closed(
    live: LiveArena, nothing_just_traded: None
) -> None:
    trade_ether(live, foreign=ForeignPolicy.ADOPT)
    ether(live, "BUY")
    await live.cycle(LONG)
    live.sandbox.fail("positionRisk", times=0, where={"symbol": "BTCUSDT"}, status=503)
    with pytest.raises(VenueUnavailable):
        await flatten_account("live", sentence="operator")
    assert [*live.user.book.positions] == ["BTCUSDT"]


def close_decided(cycle: Cycle, symbol: str) -> Approval:
    """The agent has decided to leave."""
    decision = TradeDecision(
        symbol=symbol,
        action=Action.CLOSE,
        allocation_usd=Decimal(0),
        take_profit_price=None,
        stop_price=None,
        exit_plan="",
        rationale="test",
        confidence=1.0,
        decided_by="test",
    )
    new = NewDecision(decision=decision, asset=symbol, reference_price=Decimal(1))
    with store_engine().begin() as conn:
        (decision_id,) = save_decisions(
            conn,
            [new],
            cycle_id=cycle.id,
            account_id=cycle.account.id,
            decided_at=cycle.as_of,
        )
    return Approval(decided=Decided(id=decision_id, decision=decision), verdict=None)


async def test_a_decided_close_that_fails_keeps_no_other_from_being_sent(
    live: LiveArena, nothing_just_traded: None
) -> None:
    trade_ether(live, foreign=ForeignPolicy.ADOPT)
    ether(live, "BUY")
    await live.cycle(LONG)
    live.sandbox.fail("positionRisk", times=0, where={"symbol": "BTCUSDT"}, status=503)
    cycle = await live.begin()
    async with holding_lease(cycle):
        state = await reconcile_account.fn(cycle)
        closes = tuple(close_decided(cycle, each) for each in ("BTCUSDT", "ETHUSDT"))
        markets = await fetch_klines.fn(cycle)
        with pytest.raises(VenueUnavailable):
            await place_orders.fn(cycle, state, markets, closes)
    assert [*live.user.book.positions] == ["BTCUSDT"]


async def test_an_account_with_nothing_open_leaves_that_part_to_others(live: LiveArena) -> None:
    await live.cycle()
    await spend_beyond(live, Priority.RECONCILE)
    with pytest.raises(Exception, match="a reconcile request"):
        await watch_account("live", "poll")


async def test_a_new_process_that_cannot_have_the_venues_time_protects_by_its_own(
    live: LiveArena,
) -> None:
    await unprotected(live)
    resources.forget()
    live.sandbox.fail("time", times=0, status=503)
    await watch_account("live", "poll")
    assert has_stop(live)


async def test_what_rests_for_us_stays_while_a_late_list_calls_its_position_flat(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    cycle = await live.begin()
    async with holding_lease(cycle):
        live.sandbox.fail("positionRisk", times=1, merge={"positionAmt": "0"})
        assert await sweep_orphans(cycle) == 0
    assert has_stop(live)


async def test_a_target_left_over_from_our_stop_is_not_left_to_what_others_hold(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    live.trade_by_hand("BUY", "0.02")
    await live.cycle()
    live.sandbox.set_price("BTCUSDT", LONG.stop - 100)
    assert (live.held, len(live.resting)) == (Decimal("0.02"), 1)
    await live.cycle()
    assert (live.held, live.resting) == (Decimal("0.02"), [])
    assert live.rows("select status, close_reason from app.trades") == [("closed", "stop")]
