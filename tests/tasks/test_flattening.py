"""Closing everything on the operator's word, without a flow run and without Prefect."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.store.alerts import open_alerts
from adapters.store.arena import load_arena, save_arena
from adapters.store.commands import load_commands
from adapters.store.halting import Halt, halt
from adapters.venues.paper.venue import PaperVenue
from deployments.control import flattens
from deployments.control.flattens import try_flattens
from tasks import orders, resources
from tasks.account_state import reconcile
from tasks.cycle import Cycle, claim_slot, holding_lease
from tasks.flattening import flatten_account
from tasks.orders import submit
from tests.arena import START, TestArena, hours
from tests.tasks.wishes import ENTRY
from trading.errors import VenueUnavailable
from trading.orders import Leg, Order, OrderRequest, OrderType, Side

pytestmark = pytest.mark.db

PANIC = Halt(account_id=None, requested_by="test", reason="fire", flatten=True)


class ExitsUnreachable(PaperVenue):
    """Takes no market order."""

    async def submit(self, request: OrderRequest) -> Order:
        raise VenueUnavailable("connection refused")


@pytest.fixture
def holding(arena: TestArena) -> Cycle:
    """An ended cycle that left a position with its stop and target, all of it booked."""

    async def trade() -> Cycle:
        cycle = await claim_slot.fn("momentum")
        assert isinstance(cycle, Cycle)
        async with holding_lease(cycle):
            await submit(cycle, ENTRY)
            for leg, kind, price in (
                (Leg.STOP, OrderType.STOP_MARKET, 10_000),
                (Leg.TARGET, OrderType.TAKE_PROFIT_MARKET, 900_000),
            ):
                wish = replace(ENTRY, leg=leg, side=Side.SELL, order_type=kind)
                await submit(cycle, replace(wish, stop_price=Decimal(price)))
            await reconcile(cycle)
        return cycle

    return asyncio.run(trade())


def held(arena: TestArena) -> tuple[object, ...]:
    """Positions and resting orders at the venue."""
    return arena.one(
        "select (select count(*) from app.paper_positions),"
        " (select count(*) from app.paper_orders where status = 'new')"
    )


def test_flatten_closes_the_position_takes_its_protection_away_and_books_all_of_it(
    arena: TestArena, holding: Cycle
) -> None:
    assert held(arena) == (1, 2)
    halted = halt(arena.engine, PANIC)
    assert asyncio.run(try_flattens()) == 0
    assert held(arena) == (0, 0)
    with arena.engine.connect() as conn:
        [command] = load_commands(conn, halted.flatten_ids)
    assert (command.state, command.outcome) == ("done", "closed BTC")
    assert arena.rows("select status, close_reason from app.trades") == [("closed", "operator")]
    assert arena.rows("select account_id from app.positions") == []
    assert arena.one("select leg, reduce_only, state from app.intents where leg = 'exit'") == (
        "exit",
        True,
        "filled",
    )
    told = arena.rows("select entry ->> 'sentence' from app.diary where kind = 'exit'")
    assert told == [("closed by the operator: fire",)]


def test_flatten_leaves_a_cycle_of_its_own_and_frees_the_account(
    arena: TestArena, holding: Cycle
) -> None:
    asyncio.run(flatten_account("momentum", sentence="test"))
    statuses = arena.rows("select trigger, status from app.cycles order by slot")
    assert statuses == [("manual", "done"), ("manual", "done")]
    assert arena.one("select holder from app.leases") == (None,)


def test_flatten_again_finds_nothing_and_sends_nothing(arena: TestArena, holding: Cycle) -> None:
    async def twice() -> str:
        await flatten_account("momentum", sentence="test")
        again = await flatten_account("momentum", sentence="test")
        assert again is not None
        return again.sentence

    assert asyncio.run(twice()) == "there was no open position"
    assert arena.one("select count(*) from app.intents where leg = 'exit'") == (1,)


def test_flatten_waits_for_a_running_cycle_and_says_so(arena: TestArena, holding: Cycle) -> None:
    arena.stand_at(START + hours(1))

    async def meet() -> None:
        cycle = await claim_slot.fn("momentum")
        assert isinstance(cycle, Cycle)
        async with holding_lease(cycle):
            assert await try_flattens() == 1
            assert held(arena)[0] == 1
        assert await try_flattens() == 0

    halted = halt(arena.engine, PANIC)
    asyncio.run(meet())
    assert held(arena) == (0, 0)
    with arena.engine.connect() as conn:
        assert load_commands(conn, halted.flatten_ids)[0].outcome == "closed BTC"


def test_while_the_arena_is_down_the_market_does_not_move_for_a_flatten(
    arena: TestArena, holding: Cycle
) -> None:
    _stopped_an_hour_ago(arena)
    asyncio.run(flatten_account("momentum", sentence="test"))
    assert arena.one("select matched_until from app.paper_wallets") == (START,)
    assert arena.one("select filled_at from app.fills order by sequence desc limit 1") == (START,)


def _stopped_an_hour_ago(arena: TestArena) -> None:
    with arena.engine.begin() as conn:
        found = load_arena(conn)
        assert found is not None
        ago = datetime.now(UTC) - timedelta(hours=1)
        save_arena(conn, replace(found, clock=replace(found.clock, real_anchor=ago, speed=1.0)))


def test_a_venue_that_takes_no_order_leaves_the_position_protected_and_is_tried_again(
    arena: TestArena, holding: Cycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = orders.venue_of

    def unreachable(cycle: Cycle) -> PaperVenue:
        one = plain(cycle)
        assert isinstance(one, PaperVenue)
        return ExitsUnreachable(
            book=one.book, market=one.market, as_of=one.as_of, account_id=one.account_id
        )

    halted = halt(arena.engine, PANIC)
    monkeypatch.setattr(orders, "venue_of", unreachable)
    assert asyncio.run(try_flattens()) == 1
    assert held(arena) == (1, 2)
    with arena.engine.connect() as conn:
        [command] = load_commands(conn, halted.flatten_ids)
    assert (command.state, command.outcome) == ("pending", "still open: BTC")
    monkeypatch.setattr(orders, "venue_of", plain)
    assert asyncio.run(try_flattens()) == 0
    assert held(arena) == (0, 0)


def test_a_flatten_that_never_succeeds_is_given_up_with_an_alert(
    arena: TestArena, holding: Cycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    halted = halt(arena.engine, PANIC)
    monkeypatch.setattr(flattens, "GIVE_UP", timedelta(0))
    # The arena is the one thing without which no venue can be asked.
    monkeypatch.setattr(resources, "load_arena", lambda _: None)
    assert asyncio.run(try_flattens()) == 0
    with arena.engine.connect() as conn:
        [command] = load_commands(conn, halted.flatten_ids)
        [alert] = open_alerts(conn)
    assert command.state == "failed"
    assert (alert.code, alert.account_id) == ("flatten_failed", "momentum")
    assert held(arena) == (1, 2)
