"""Protection read back from a venue that fires, fails, hangs or hides meanwhile: nothing is sold for it.

What is known to be protected is not closed because it cannot be read, and what others hold in the
same netted position is never ours to sell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from adapters.venues.aster.errors import Unreachable
from tasks import own_record, placing, protection, reading_back, resources
from tasks.account_state import reconcile
from tasks.closing import sweep_orphans
from tasks.cycle import Cycle, holding_lease
from tasks.orders import submit
from tasks.protection import Levels, protect
from tasks.watching import watch_account
from tests.live.live_arena import LONG, LiveArena
from tests.live.test_lagging_venue import QUANTITY, drop_protection, kinds
from tests.tasks.wishes import ENTRY

pytestmark = pytest.mark.db
UNREADABLE = {"path": "positionRisk", "times": 0, "status": 502}
AfterPlacing = Callable[[Callable[[], object]], None]


@pytest.fixture
def after_placing(monkeypatch: pytest.MonkeyPatch) -> AfterPlacing:
    """Something happens between what was sent and its being read back."""

    def plan(happens: Callable[[], object]) -> None:
        really = protection._carry_out

        async def carry_out(*arguments: Any, **more: Any) -> Any:
            done = await really(*arguments, **more)
            happens()
            return done

        monkeypatch.setattr(protection, "_carry_out", carry_out)

    return plan


@pytest.fixture
def real_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in production, and nothing counts as executed just now."""
    monkeypatch.setattr(reading_back, "LATE_SECONDS", 2.0)
    monkeypatch.setattr(reading_back, "POLL_SECONDS", 0.5)
    monkeypatch.setattr(protection, "CONFIRM_SECONDS", 10.0)
    monkeypatch.setattr(own_record, "LATE_FOR", timedelta(0))


def leave_a_stop(live: LiveArena) -> None:
    """A stop that carries our prefix and belongs to nothing."""
    live.sandbox.trade_by_hand(
        live.user,
        symbol="BTCUSDT",
        side="SELL",
        type="STOP_MARKET",
        quantity="0.01",
        stopPrice="57000",
        reduceOnly="true",
        newClientOrderId="pf-left-over",
    )


async def test_a_stop_that_fires_as_soon_as_it_rests_is_no_missing_stop(
    live: LiveArena, after_placing: AfterPlacing
) -> None:
    after_placing(lambda: live.sandbox.set_price("BTCUSDT", LONG.stop - 100))
    await live.cycle(LONG)
    assert (live.held, live.alarms(), live.intents("exit")) == (0, [], [])
    assert live.rows("select status, close_reason from app.trades") == [("closed", "stop")]
    await live.cycle()
    assert live.resting == []
    live.require_equal_ledgers()


async def test_a_stop_that_fires_beside_what_others_hold_sells_ours_only(
    live: LiveArena, after_placing: AfterPlacing, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = placing.protect

    async def protect_beside(cycle: Cycle, *arguments: Any, **more: Any) -> bool:
        live.trade_by_hand("BUY", "0.02")
        await reconcile(cycle)
        return await really(cycle, *arguments, **more)

    monkeypatch.setattr(placing, "protect", protect_beside)
    after_placing(lambda: live.sandbox.set_price("BTCUSDT", LONG.stop - 100))
    await live.cycle(LONG)
    assert (live.held, live.intents("exit")) == (Decimal("0.02"), [])


async def test_a_new_target_is_no_reason_to_close_what_its_stop_protects_when_reads_fail(
    live: LiveArena, after_placing: AfterPlacing
) -> None:
    await live.cycle(LONG)
    instrument = live.sandbox.venue.instruments["BTCUSDT"]
    after_placing(lambda: live.sandbox.fail(**UNREADABLE))
    cycle = await live.begin()
    async with holding_lease(cycle):
        await reconcile(cycle)
        wanted = Levels(stop=LONG.stop, target=Decimal(67_000))
        assert await protect(cycle, instrument, wanted, decision_id=None)
    assert (live.held, live.intents("exit")) == (QUANTITY, [])
    assert "could not be read back" in live.alarms()[0]


async def test_a_surplus_stop_that_was_taken_away_closes_nothing_when_reads_fail(
    live: LiveArena, after_placing: AfterPlacing
) -> None:
    await live.cycle(LONG)
    leave_a_stop(live)
    after_placing(lambda: live.sandbox.fail(**UNREADABLE))
    with pytest.raises(Unreachable):  # what comes after it cannot read either
        await watch_account("live", "test")
    assert (live.held, live.intents("exit")) == (QUANTITY, [])
    assert kinds(live) == ["stop_market", "take_profit_market"]


async def test_a_venue_that_needs_seconds_for_each_answer_gets_the_stop_all_the_same(
    live: LiveArena, real_waits: None
) -> None:
    await live.cycle(LONG)
    drop_protection(live)
    for path in ("positionRisk", "openOrders"):
        live.sandbox.fail(path, times=0, delay=1.1)
    await watch_account("live", "test")
    assert kinds(live)[:1] == ["stop_market"]


async def test_a_clock_of_the_venue_that_hangs_costs_a_new_process_one_wait(
    live: LiveArena, real_waits: None
) -> None:
    await live.cycle(LONG)
    drop_protection(live)
    resources.forget()
    asked = len(live.sandbox.sent_to("time"))
    live.sandbox.fail("time", times=0, delay=7)
    await watch_account("live", "test")
    assert kinds(live)[:1] == ["stop_market"]
    assert len(live.sandbox.sent_to("time")) - asked <= 2  # the market's, and the account's


async def test_beside_what_others_hold_no_second_stop_is_placed_for_one_that_cannot_be_asked_for(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    live.trade_by_hand("BUY", "0.02")
    await live.cycle()
    live.sandbox.fail("openOrders", times=0, hide_stops=True)
    live.sandbox.fail("order", method="GET", times=0, status=503)
    await watch_account("live", "test")
    live.sandbox.set_price("BTCUSDT", LONG.stop - 100)
    assert live.held == Decimal("0.02")


async def test_fills_that_are_ahead_of_the_last_report_of_their_order_are_no_execution_to_come(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    with live.engine.begin() as conn:
        conn.execute(
            text(
                "update app.orders set filled_quantity = 0.002, average_price = 58000,"
                " status = 'partially_filled' where order_type = 'stop_market'"
            )
        )
    live.sandbox.set_price("BTCUSDT", LONG.stop - 100)
    gone = '{"code":-2013,"msg":"Order does not exist."}'
    live.sandbox.fail("order", method="GET", times=0, status=400, body=gone)
    await live.cycle()
    live.sandbox.venue.faults.clear()
    live.sandbox.set_price("BTCUSDT", Decimal(60_000))
    live.trade_by_hand("BUY", "0.02")
    leave_a_stop(live)
    await live.cycle()
    assert (live.held, live.resting) == (Decimal("0.02"), [])


async def test_the_exits_of_a_group_are_not_placed_again_where_its_holding_cannot_be_read(
    grouped: LiveArena, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = placing.protect

    async def protect_blind(*arguments: Any, **more: Any) -> bool:
        grouped.sandbox.fail(**UNREADABLE)
        try:
            return await really(*arguments, **more)
        finally:
            grouped.sandbox.venue.faults.clear()

    monkeypatch.setattr(placing, "protect", protect_blind)
    await grouped.cycle(LONG)
    assert kinds(grouped) == ["stop_market", "take_profit_market"]
    assert grouped.intents("exit") == []
    await grouped.cycle()
    assert kinds(grouped) == ["stop_market", "take_profit_market"]


async def test_the_stop_of_an_addition_that_may_still_arrive_survives_a_close(
    live: LiveArena,
) -> None:

    await live.cycle(LONG)
    cycle = await live.begin()
    async with holding_lease(cycle):
        live.sandbox.fail("order", method="POST", drop=True)
        live.sandbox.fail("order", method="GET", times=0, status=503)
        await submit(cycle, replace(ENTRY, quantity=Decimal("0.005")))
        assert await sweep_orphans(cycle, closed="BTCUSDT") == 0
    assert kinds(live)[:1] == ["stop_market"]
