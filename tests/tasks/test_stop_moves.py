"""Moving a stop never leaves a position without one: deaths, refusals, silence, partial reductions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.venues.paper.venue import PaperVenue
from tasks import holdings, orders, protection, reading_back
from tasks.account_state import reconcile_account
from tasks.cycle import Cycle
from tasks.orders import submit
from tasks.protection import Levels, protect
from tasks.resources import market_of
from tasks.venues import venue_of
from tests.tasks.scripted_market import (
    FLAT,
    STOP,
    Entry,
    Scripted,
    Step,
    enter,
    exits_at,
    later,
    resting,
    stops,
)
from tests.tasks.wishes import ENTRY
from trading.errors import OrderRejected
from trading.orders import Leg, Order, OrderRequest, OrderType, Side
from trading.ports import VenueAccount

pytestmark = pytest.mark.db

TIER: Step = (51_500, 50_000, 51_450)
CALM: Step = (51_460, 51_440, 51_450)
FIRST_STOP = Decimal("50525.3")
ALARM = "select entry->>'sentence' from app.diary where kind = 'alarm'"
END = "select status, close_reason from app.trades order by opened_at"


class Died(BaseException):
    """The process is gone: nothing after this line is run."""


@pytest.fixture
def through(monkeypatch: pytest.MonkeyPatch) -> Callable[[type[PaperVenue]], None]:
    """Let all steps use a venue of another class."""

    def use(kind: type[PaperVenue]) -> None:
        def other(cycle: Cycle) -> PaperVenue:
            whole = venue_of(cycle)
            assert isinstance(whole, PaperVenue)
            return kind(
                book=whole.book, market=whole.market, as_of=whole.as_of, account_id=whole.account_id
            )

        monkeypatch.setattr(orders, "venue_of", other)
        monkeypatch.setattr(holdings, "venue_of", other)

    return use


async def test_a_process_that_dies_before_the_old_stop_is_cancelled_leaves_two_stops(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, cycle = await scripted(TIER, CALM)
    await enter(cycle)

    async def dies(cycle: Cycle, order: Order) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(protection, "cancel", dies)
        with pytest.raises(Died):
            await exits_at(cycle, 1)
    assert await stops(later(cycle, 1)) == [STOP, FIRST_STOP]
    await exits_at(cycle, 2)
    assert await stops(later(cycle, 2)) == [FIRST_STOP]


async def test_a_process_that_dies_before_the_new_stop_is_sent_leaves_the_old_one(
    scripted: Scripted, through: Callable[[type[PaperVenue]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    arena, cycle = await scripted(TIER, CALM)
    await enter(cycle)

    class Dying(PaperVenue):
        async def submit(self, request: OrderRequest) -> Order:
            raise Died

    with monkeypatch.context():
        through(Dying)
        with pytest.raises(Died):
            await exits_at(cycle, 1)
    assert await stops(later(cycle, 1)) == [STOP]
    assert arena.one("select stop_price from app.trades") == (FIRST_STOP,)
    monkeypatch.undo()
    monkeypatch.setenv("DATABASE_URL", arena.engine.url.render_as_string(hide_password=False))
    await exits_at(cycle, 2)
    assert await stops(later(cycle, 2)) == [FIRST_STOP]


async def test_a_new_stop_that_is_refused_leaves_the_old_one_and_raises_an_alarm(
    scripted: Scripted, through: Callable[[type[PaperVenue]], None]
) -> None:
    arena, cycle = await scripted(TIER)
    await enter(cycle)

    class Full(PaperVenue):
        async def submit(self, request: OrderRequest) -> Order:
            raise OrderRejected(-4045, "Reach max stop order limit.")

    through(Full)
    await exits_at(cycle, 1)
    assert await stops(later(cycle, 1)) == [STOP]
    assert arena.rows(END) == [("open", None)]
    assert arena.one(ALARM) == (
        "the stop could not be moved, the old one stays:"
        " stop at 50525.3 was refused: -4045: Reach max stop order limit.",
    )


async def test_a_first_stop_that_is_refused_closes_the_position_with_an_alarm(
    scripted: Scripted, through: Callable[[type[PaperVenue]], None]
) -> None:
    arena, cycle = await scripted()

    class StopsRefused(PaperVenue):
        async def submit(self, request: OrderRequest) -> Order:
            if request.order_type is OrderType.STOP_MARKET:
                raise OrderRejected(-4045, "Reach max stop order limit.")
            return await PaperVenue.submit(self, request)

    through(StopsRefused)
    after = await enter(cycle)
    assert (after.positions, after.open_orders) == ((), ())
    assert "was refused: -4045" in str(arena.one(ALARM)[0])


async def test_a_stop_that_is_not_confirmed_in_time_closes_the_position_with_an_alarm(
    scripted: Scripted,
    through: Callable[[type[PaperVenue]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arena, cycle = await scripted()
    loop, really_sleep, passed = asyncio.get_running_loop(), asyncio.sleep, [0.0]
    really_time = loop.time

    async def no_wait(seconds: float) -> None:
        """The time between two readings passes at once."""
        if seconds == reading_back.POLL_SECONDS:
            passed.append(seconds)
        else:  # of somebody else in this process
            await really_sleep(seconds)

    class Hiding(PaperVenue):
        async def account(self) -> VenueAccount:
            whole = await PaperVenue.account(self)
            shown = [
                o for o in whole.open_orders if o.request.order_type is not OrderType.STOP_MARKET
            ]
            return replace(whole, open_orders=tuple(shown))

    through(Hiding)
    monkeypatch.setattr(loop, "time", lambda: really_time() + sum(passed))
    monkeypatch.setattr(reading_back.asyncio, "sleep", no_wait)
    after = await enter(cycle)
    assert after.positions == ()
    assert 9 <= sum(passed) <= protection.CONFIRM_SECONDS == 10
    assert arena.one(ALARM) == (
        "position without its stop is closed at market: the stop was not confirmed within 10 s",
    )
    assert arena.one("select count(*) from app.intents where leg = 'exit'") == (1,)


async def test_a_tier_stop_that_the_price_has_passed_closes_at_once(scripted: Scripted) -> None:
    arena, cycle = await scripted(TIER, (51_450, 50_400, 50_450))
    await enter(cycle)
    after = await exits_at(cycle, 2)
    assert after.positions == ()
    assert arena.rows(END) == [("closed", "stop")]


async def test_a_passed_stop_closes_although_an_older_one_still_covers_the_position(
    scripted: Scripted,
) -> None:
    arena, cycle = await scripted(FLAT)
    await enter(cycle)
    (bitcoin,) = await market_of(cycle.arena).instruments()
    passed = Levels(stop=Decimal(50_400), target=None)
    assert not await protect(cycle, bitcoin, passed, decision_id=None)
    assert await venue_of(cycle).positions() == ()
    assert "was refused: -2021" in str(arena.one(ALARM)[0])


async def test_a_target_that_the_price_has_passed_is_taken_at_once(scripted: Scripted) -> None:
    arena, cycle = await scripted(FLAT)
    after = await enter(cycle, Entry(target=Decimal(49_900)))
    assert (after.positions, after.open_orders) == ((), ())
    assert arena.rows("select entry->>'reason' from app.diary where kind = 'exit'") == [("target",)]
    assert arena.rows(ALARM) == []


async def test_protection_follows_the_quantity_that_is_left(scripted: Scripted) -> None:
    _, cycle = await scripted(FLAT, FLAT)
    await enter(cycle)
    part = replace(ENTRY, leg=Leg.EXIT, side=Side.SELL, quantity=Decimal("0.004"))
    await submit(later(cycle, 1), part)
    await exits_at(cycle, 2)
    for order_type in (OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET):
        (order,) = await resting(later(cycle, 2), order_type)
        assert order.remaining == Decimal("0.006")


async def test_the_peak_and_the_stop_outlive_a_partial_exit(scripted: Scripted) -> None:
    arena, cycle = await scripted(TIER, CALM, CALM)
    await enter(cycle)
    await exits_at(cycle, 1)
    part = replace(ENTRY, leg=Leg.EXIT, side=Side.SELL, quantity=Decimal("0.004"))
    await submit(later(cycle, 2), part)
    await reconcile_account.fn(later(cycle, 2))
    await exits_at(cycle, 3)
    assert arena.one("select best_price from app.exit_states") == (51_500,)
    (stop,) = await resting(later(cycle, 3))
    assert (stop.request.stop_price, stop.remaining) == (FIRST_STOP, Decimal("0.006"))
