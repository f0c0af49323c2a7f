"""Submitting: the intent first, the venue once, and only the venue ends an unknown outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from adapters.store.accounts import set_status, set_trading_state
from adapters.store.arena import ASTER
from adapters.store.cycles import claim_slot as claim_slot_row
from adapters.venues.paper.venue import PaperVenue
from tasks import orders, settling
from tasks.account_state import reconcile_account
from tasks.cycle import Cycle
from tasks.orders import submit
from tasks.settling import resolve_unknown_orders
from tests.arena import TestArena, hours, overtaken
from tests.tasks.wishes import ENTRY
from trading.account import AccountStatus, TradingState
from trading.errors import LeaseLost, OutcomeUnknown, VenueUnavailable
from trading.orders import IntentState, Leg, Order, OrderRequest, OrderType, Side

pytestmark = pytest.mark.db


class AnswerLost(PaperVenue):
    """The venue executes the order and the answer never arrives."""

    async def submit(self, request: OrderRequest) -> Order:
        await PaperVenue.submit(self, request)
        raise OutcomeUnknown("503: sent, no answer in time")


class RequestLost(PaperVenue):
    """The request never reaches the venue, and we cannot know that."""

    async def submit(self, request: OrderRequest) -> Order:
        raise OutcomeUnknown("connection reset after the request was written")


class Unreachable(PaperVenue):
    """The connection is refused before anything is sent."""

    async def submit(self, request: OrderRequest) -> Order:
        raise VenueUnavailable("connection refused")


@pytest.fixture
def through(monkeypatch: pytest.MonkeyPatch):
    """Send submits through another venue class; everything else stays as it is."""

    def use(kind: type[PaperVenue]) -> None:
        real = orders.venue_of

        def venue_of(cycle: Cycle) -> PaperVenue:
            plain = real(cycle)
            assert isinstance(plain, PaperVenue)
            return kind(
                book=plain.book, market=plain.market, as_of=plain.as_of, account_id=plain.account_id
            )

        monkeypatch.setattr(orders, "venue_of", venue_of)

    return use


def fills_at_venue(arena: TestArena) -> int:
    (count,) = arena.one("select count(*) from app.paper_fills")
    assert isinstance(count, int)
    return count


async def test_a_filled_entry_leaves_its_intent_filled_with_the_venues_id(
    arena: TestArena, cycle: Cycle
) -> None:
    result = await submit(cycle, ENTRY)
    assert result.state is IntentState.FILLED
    assert arena.one("select state, venue_order_id, attempt from app.intents") == ("filled", "1", 1)


async def test_a_second_entry_for_the_same_slot_and_symbol_is_never_sent(
    arena: TestArena, cycle: Cycle
) -> None:
    first = await submit(cycle, ENTRY)
    again = await submit(cycle, ENTRY)
    assert again.intent_id == first.intent_id
    assert fills_at_venue(arena) == 1


async def test_an_order_executed_without_an_answer_is_found_by_its_id_and_never_sent_again(
    arena: TestArena, cycle: Cycle, through
) -> None:
    through(AnswerLost)
    assert (await submit(cycle, ENTRY)).state is IntentState.FILLED
    assert (await submit(cycle, ENTRY)).state is IntentState.FILLED
    assert fills_at_venue(arena) == 1


async def test_an_order_whose_venue_cannot_be_asked_stays_unknown_and_is_adopted_once(
    arena: TestArena, cycle: Cycle, through, monkeypatch: pytest.MonkeyPatch
) -> None:
    through(AnswerLost)
    with monkeypatch.context() as away:
        away.setattr(settling, "ASK_AFTER_SECONDS", (0.0, 0.0))
        away.setattr(PaperVenue, "order_by_client_id", _unreachable)
        assert (await submit(cycle, ENTRY)).state is IntentState.UNKNOWN
        assert (await submit(cycle, ENTRY)).state is IntentState.UNKNOWN
    assert await resolve_unknown_orders.fn(cycle) == 1
    state = await reconcile_account.fn(cycle)
    assert arena.one("select state from app.intents") == ("filled",)
    assert [p.position.quantity for p in state.positions] == [Decimal("0.01")]
    assert fills_at_venue(arena) == 1


async def _unreachable(*_: object) -> None:
    raise VenueUnavailable("nobody answers")


async def test_nothing_is_opened_in_a_symbol_with_an_order_of_unknown_outcome(
    arena: TestArena, cycle: Cycle, through, monkeypatch: pytest.MonkeyPatch
) -> None:
    through(RequestLost)
    assert (await submit(cycle, ENTRY)).state is IntentState.UNKNOWN
    second = replace(cycle, slot=cycle.slot + timedelta(hours=1))
    refused = await submit(second, ENTRY)
    assert refused.state is IntentState.REFUSED
    assert "has no known outcome" in (refused.reason or "")
    assert fills_at_venue(arena) == 0


async def test_an_order_that_never_arrived_is_closed_by_the_venues_word_and_not_sent_again(
    arena: TestArena, cycle: Cycle, through
) -> None:
    through(RequestLost)
    assert (await submit(cycle, ENTRY)).state is IntentState.UNKNOWN
    assert await resolve_unknown_orders.fn(cycle) == 1
    assert arena.one("select state from app.intents") == ("closed",)
    assert fills_at_venue(arena) == 0


async def test_a_venue_that_cannot_be_reached_closes_the_intent_because_nothing_was_sent(
    arena: TestArena, cycle: Cycle, through
) -> None:
    through(Unreachable)
    assert (await submit(cycle, ENTRY)).state is IntentState.CLOSED


async def test_a_resting_order_that_the_venue_has_forgotten_is_closed(
    arena: TestArena, cycle: Cycle
) -> None:
    await submit(cycle, ENTRY)
    stop = replace(
        ENTRY,
        leg=Leg.STOP,
        side=Side.SELL,
        order_type=OrderType.STOP_MARKET,
        stop_price=Decimal(10_000),
    )
    assert (await submit(cycle, stop)).state is IntentState.OPEN
    with arena.engine.begin() as conn:
        conn.execute(text("delete from app.paper_orders where order_type = 'stop_market'"))
    assert await resolve_unknown_orders.fn(cycle) == 1
    assert arena.one("select state, reason from app.intents where leg = 'stop'") == (
        "closed",
        "no longer known to the venue",
    )


async def test_an_intent_that_was_planned_but_never_sent_expires_after_a_restart(
    arena: TestArena, cycle: Cycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> str | None:
        raise KeyboardInterrupt

    monkeypatch.setattr(orders, "start_submitting", die)
    with pytest.raises(KeyboardInterrupt):
        await submit(cycle, ENTRY)
    assert arena.one("select state from app.intents") == ("planned",)
    assert await resolve_unknown_orders.fn(cycle) == 1
    assert arena.one("select state, reason from app.intents") == (
        "closed",
        "expired: planned but never sent",
    )
    assert fills_at_venue(arena) == 0


async def test_a_run_that_lost_its_lease_sends_nothing(arena: TestArena, cycle: Cycle) -> None:
    overtaken = replace(cycle, lease_token=cycle.lease_token - 1)
    with pytest.raises(LeaseLost):
        await submit(overtaken, ENTRY)
    assert fills_at_venue(arena) == 0


async def test_a_run_whose_lease_was_taken_over_after_it_expired_sends_nothing(
    arena: TestArena, cycle: Cycle
) -> None:
    from uuid import uuid4

    later = datetime.now(UTC) + hours(1)
    with arena.engine.begin() as conn:
        claim_slot_row(
            conn,
            cycle_id=uuid4(),
            account_id="momentum",
            slot=cycle.slot + hours(1),
            trigger="schedule",
            flow_run_id=None,
            real_scheduled_at=later,
            config_version=1,
            real_now=later,
            lease_seconds=60,
        )
    with pytest.raises(LeaseLost):
        await submit(cycle, ENTRY)
    assert fills_at_venue(arena) == 0


@pytest.mark.parametrize("status", [AccountStatus.PAUSED, AccountStatus.STOPPED])
async def test_an_account_that_was_paused_during_its_cycle_opens_nothing_more(
    arena: TestArena, cycle: Cycle, status: AccountStatus
) -> None:
    with arena.engine.begin() as conn:
        set_status(conn, "momentum", status)
    result = await submit(cycle, ENTRY)
    assert (result.state, result.reason) == (IntentState.REFUSED, f"account is {status}")
    assert fills_at_venue(arena) == 0


async def test_a_halted_account_may_still_leave_its_position(
    arena: TestArena, cycle: Cycle
) -> None:
    await submit(cycle, ENTRY)
    with arena.engine.begin() as conn:
        set_trading_state(conn, "momentum", TradingState.HALTED)
    way_out = replace(ENTRY, leg=Leg.EXIT, side=Side.SELL)
    assert (await submit(cycle, way_out)).state is IntentState.FILLED
    assert (await reconcile_account.fn(cycle)).positions == ()


async def test_in_real_time_no_entry_leaves_once_the_next_slot_has_begun_and_a_way_out_does(
    arena: TestArena, cycle: Cycle
) -> None:
    await submit(cycle, ENTRY)
    late = overtaken(cycle, source=ASTER)
    entry = await submit(late, replace(ENTRY, symbol="ETHUSDT", quantity=Decimal("0.1")))
    assert (entry.state, entry.reason) == (
        IntentState.REFUSED,
        "late: the account's next slot had begun",
    )
    close = replace(ENTRY, leg=Leg.EXIT, side=Side.SELL)
    assert (await submit(late, close)).state is IntentState.FILLED


async def test_on_a_market_that_is_not_the_worlds_an_entry_leaves_however_slow_the_machine(
    cycle: Cycle,
) -> None:
    slow = overtaken(cycle, source="simulated")
    assert (await submit(slow, ENTRY)).state is IntentState.FILLED
