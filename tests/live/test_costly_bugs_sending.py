"""Costly bugs, rows 2, 3, 7 to 9, 12 and 14: what may go wrong between a decision and its stop.

Each against the sandbox over real HTTP; the number of the row is in the name.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.venues.aster.venue import AsterVenue
from tasks import protection, resources
from tasks.cycle import holding_lease
from tasks.orders import submit
from tasks.settling import resolve_unknown_orders
from tests.live.live_arena import LONG, LiveArena
from tests.tasks.wishes import ENTRY
from trading.account import AccountStatus
from trading.errors import AccountBarred, OrderRejected, SettingRefused
from trading.orders import IntentState

pytestmark = pytest.mark.db
MARKET, STOP = {"type": "MARKET"}, {"type": "STOP_MARKET"}
LOST: list[dict[str, Any]] = [
    {"execute": True, "status": 503},
    {"execute": True, "drop": True},
    {"execute": True, "cut": 20},
    {"execute": True, "status": 200, "body": "<html>busy</html>"},
    {"execute": True, "merge": {"orderId": None}},
    {"execute": True, "status": 503, "body": '{"code":-1007,"msg":"Timeout waiting for response"}'},
]
"""Ways in which the answer to an order that was executed never says so."""


@pytest.mark.parametrize("how", LOST, ids=lambda how: "-".join(map(str, how.values()))[:40])
async def test_row_2_an_order_whose_answer_is_lost_is_found_protected_and_never_sent_again(
    live: LiveArena, how: dict[str, Any]
) -> None:
    live.sandbox.fail("order", method="POST", where=MARKET, **how)
    await live.cycle(LONG)
    assert (live.entries_at_venue(), live.held) == (1, Decimal("0.01"))
    assert [kind for kind, *_ in live.resting] == ["stop_market", "take_profit_market"]
    await live.cycle()
    assert (live.entries_at_venue(), live.held) == (1, Decimal("0.01"))
    assert live.intents("entry") == ["filled"]
    live.require_equal_ledgers()


async def test_row_2_a_step_that_is_repeated_finds_its_own_intent_even_when_the_order_has_filled(
    live: LiveArena,
) -> None:
    live.sandbox.fail("order", method="POST", where=MARKET, execute=True, drop=True)
    live.sandbox.fail("order", method="GET", times=0, status=503)
    cycle = await live.begin()
    async with holding_lease(cycle):
        assert (await submit(cycle, ENTRY)).state is IntentState.UNKNOWN
        assert (await submit(cycle, ENTRY)).state is IntentState.UNKNOWN
    assert (live.entries_at_venue(), live.held) == (1, Decimal("0.01"))


async def test_row_2_an_order_that_never_arrived_is_closed_when_its_nonce_is_too_old_and_not_sooner(
    live: LiveArena, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.sandbox.fail("order", method="POST", where=MARKET, status=503)
    await live.cycle(LONG)
    assert (live.held, live.intents("entry")) == (0, ["unknown"])
    await live.cycle()
    assert live.intents("entry") == ["unknown"]
    monkeypatch.setattr(AsterVenue, "settles_after", timedelta(0))
    await live.cycle()
    assert live.intents("entry") == ["closed"]
    assert live.entries_at_venue() == 0


async def test_row_3_while_the_venue_is_away_an_order_stays_unknown_and_blocks_its_symbol(
    live: LiveArena,
) -> None:
    live.sandbox.fail("order", method="POST", where=MARKET, execute=True, drop=True)
    away = live.sandbox.fail("order", method="GET", times=0, status=503)
    cycle = await live.begin()
    async with holding_lease(cycle):
        assert (await submit(cycle, ENTRY)).state is IntentState.UNKNOWN
        for later in range(1, 6):
            assert await resolve_unknown_orders.fn(cycle) == 0
            assert live.intents("entry")[0] == "unknown"
            second = replace(cycle, slot=cycle.slot + timedelta(minutes=5 * later))
            refused = await submit(second, ENTRY)
            assert "has no known outcome" in (refused.reason or "")
    assert live.entries_at_venue() == 1
    live.sandbox.venue.faults.planned.remove(away)
    await live.cycle()
    assert live.intents("entry")[0] == "filled"
    assert [kind for kind, *_ in live.resting] == ["stop_market"]
    live.require_equal_ledgers()


async def test_row_7_a_stop_that_the_price_has_passed_closes_the_position_in_the_same_cycle(
    live: LiveArena,
) -> None:
    await live.cycle(replace(LONG, stop=Decimal(60_500)))
    assert (live.held, live.resting) == (0, [])
    assert any("was refused" in words and "-2021" in words for words in live.alarms())
    live.require_equal_ledgers()


async def test_row_8_where_the_venue_takes_no_stops_nothing_is_entered(live: LiveArena) -> None:
    market = live.sandbox.venue.market("BTCUSDT")
    market.instrument = replace(
        market.instrument, order_types=market.instrument.order_types - {"stop_market"}
    )
    resources.forget()
    await live.cycle(LONG)
    assert (live.entries_at_venue(), live.held) == (0, 0)
    assert any("takes no stop_market orders" in words for words in live.alarms())


@pytest.mark.parametrize("how", [{"status": 503}, {"drop": True}, {"status": 400}])
async def test_row_9_a_stop_that_is_not_confirmed_flattens_the_position_and_raises_an_alarm(
    live: LiveArena, how: dict[str, Any]
) -> None:
    live.sandbox.fail("order", method="POST", where=STOP, times=0, **how)
    await live.cycle(LONG)
    assert (live.entries_at_venue(), live.held) == (1, 0)
    assert any("closed at market" in words for words in live.alarms())
    assert live.rows("select close_reason from app.trades") == [("unprotected",)]
    live.require_equal_ledgers()


async def test_row_9_a_stop_whose_answer_is_lost_and_that_rests_keeps_the_position(
    live: LiveArena,
) -> None:
    live.sandbox.fail("order", method="POST", where=STOP, execute=True, drop=True)
    await live.cycle(LONG)
    assert live.held == Decimal("0.01")
    assert [kind for kind, *_ in live.resting] == ["stop_market", "take_profit_market"]


async def test_row_9_a_stop_that_meets_a_full_order_limit_is_sent_again_within_its_seconds(
    live: LiveArena, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protection, "CONFIRM_SECONDS", 5.0)
    body = '{"code":-1015,"msg":"Too many new orders"}'
    live.sandbox.fail(
        "order", method="POST", where=STOP, status=400, body=body, headers={"Retry-After": "1"}
    )
    await live.cycle(LONG)
    assert live.held == Decimal("0.01")
    assert [kind for kind, *_ in live.resting] == ["stop_market", "take_profit_market"]


async def test_row_12_protection_follows_each_part_of_an_entry_that_fills_in_two(
    live: LiveArena,
) -> None:
    live.sandbox.plan_fills(Decimal("0.4"), waits=True)
    await live.cycle(LONG)
    assert live.held == Decimal("0.004")
    assert [(kind, quantity) for kind, quantity, _ in live.resting if kind != "market"] == [
        ("stop_market", Decimal("0.004")),
        ("take_profit_market", Decimal("0.004")),
    ]
    (entry,) = [r for r in live.user.open_records() if r.order.request.order_type == "market"]
    live.sandbox.fill(live.user, entry.order.request.client_order_id, Decimal("0.006"))
    await live.cycle()
    assert [(kind, quantity) for kind, quantity, _ in live.resting] == [
        ("stop_market", Decimal("0.01")),
        ("take_profit_market", Decimal("0.01")),
    ]
    live.require_equal_ledgers()


async def test_row_12_what_an_entry_could_not_fill_expires_and_the_rest_is_protected(
    live: LiveArena,
) -> None:
    live.sandbox.plan_fills(Decimal("0.3"))
    await live.cycle(LONG)
    assert live.held == Decimal("0.003")
    assert {quantity for _, quantity, _ in live.resting} == {Decimal("0.003")}
    assert live.intents("entry") == ["closed"]
    live.require_equal_ledgers()


async def test_row_14_hedge_mode_is_refused_with_its_remedy_before_anything_is_sent(
    live: LiveArena,
) -> None:
    live.user.is_hedge = True
    with pytest.raises(SettingRefused, match="one-way"):
        await live.cycle(LONG)
    assert live.entries_at_venue() == 0
    assert live.status is AccountStatus.ACTIVE


async def test_row_14_a_mode_that_is_changed_while_a_cycle_runs_blocks_its_next_order(
    live: LiveArena,
) -> None:
    cycle = await live.begin()
    async with holding_lease(cycle):
        live.user.is_hedge = True
        refused = await submit(cycle, ENTRY)
    assert refused.state is IntentState.REFUSED
    assert "-4061" in (refused.reason or "")
    assert live.entries_at_venue() == 0


async def test_keys_that_the_venue_refuses_pause_the_account_and_tell_a_person(
    live: LiveArena,
) -> None:
    live.user.agents.clear()
    with pytest.raises(Exception, match="No agent found"):
        await live.cycle(LONG)
    assert live.status is AccountStatus.PAUSED
    assert "account_stopped" in live.alerts()
    assert live.entries_at_venue() == 0


@pytest.mark.parametrize("code", [-4087, -4088])
@pytest.mark.parametrize(
    ("path", "where"), [("order", MARKET), ("leverage", {})], ids=["order", "leverage"]
)
async def test_an_account_that_may_only_reduce_is_paused_and_a_person_is_told(
    live: LiveArena, code: int, path: str, where: dict[str, str]
) -> None:
    body = f'{{"code":{code},"msg":"reduce-only"}}'
    live.sandbox.fail(path, method="POST", where=where, status=400, body=body)
    await live.cycle(LONG)
    assert live.status is AccountStatus.PAUSED
    assert "account_stopped" in live.alerts()
    assert live.entries_at_venue() == 0


async def test_an_account_that_may_only_reduce_keeps_its_stop_and_its_way_out(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    body = '{"code":-4087,"msg":"reduce-only"}'
    live.sandbox.fail("order", method="POST", where=MARKET, status=400, body=body)
    await live.cycle(LONG)
    assert (live.status, live.held) == (AccountStatus.PAUSED, Decimal("0.01"))
    assert [kind for kind, *_ in live.resting] == ["stop_market", "take_profit_market"]
    await live.cycle(close=True)
    assert (live.held, live.resting) == (0, [])


def refuse_cancels(live: LiveArena, code: int, times: int = 0) -> None:
    body = f'{{"code":{code},"msg":"refused"}}'
    live.sandbox.fail("order", method="DELETE", times=times, status=400, body=body)


async def test_keys_that_are_refused_on_a_cancel_pause_the_account_and_the_order_is_not_called_gone(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    refuse_cancels(live, -2015)
    with pytest.raises(AccountBarred):
        await live.cycle(close=True)
    assert len(live.resting) == 2
    assert live.status is AccountStatus.PAUSED
    assert "account_stopped" in live.alerts()


async def test_a_cancel_that_is_refused_for_another_reason_than_a_missing_order_is_told(
    live: LiveArena,
) -> None:
    await live.cycle(LONG)
    refuse_cancels(live, -1102)
    with pytest.raises(OrderRejected, match="-1102"):
        await live.cycle(close=True)
    assert len(live.resting) == 2


async def test_a_cancel_that_is_refused_for_its_time_is_signed_anew_once(live: LiveArena) -> None:
    await live.cycle(LONG)
    refuse_cancels(live, -1021, times=1)
    await live.cycle(close=True)
    assert (live.held, live.resting) == (0, [])


async def test_two_processes_that_wake_up_for_one_account_send_one_entry(live: LiveArena) -> None:
    cycle = await live.begin()
    async with holding_lease(cycle):
        first, second = await asyncio.gather(submit(cycle, ENTRY), submit(cycle, ENTRY))
    assert live.entries_at_venue() == 1
    assert IntentState.FILLED in (first.state, second.state)
